package cocart.upkeep.backup;

/** Shows people how far long runs are. Safe for use by several threads. */
public interface ProgressView {

    /**
     * A run begins.
     *
     * @param what for people, for example {@code Backing up}
     * @param aboutFiles how many files it will probably be; 0 if nobody knows
     * @param aboutBytes how many bytes it will probably be; 0 if nobody knows
     */
    Run begin(String what, String store, long aboutFiles, long aboutBytes);

    /** One run on the view. */
    interface Run extends AutoCloseable {

        /** It has got this far; called about once a second. */
        void at(long files, long bytes);

        /** It has ended, well or not. */
        @Override
        void close();
    }
}
