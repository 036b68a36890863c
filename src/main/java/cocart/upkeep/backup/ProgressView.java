package cocart.upkeep.backup;

/** Shows people how far long runs are. Safe for use by several threads. */
public interface ProgressView {

    /**
     * A run begins.
     *
     * @param what for people, for example {@code Backing up}
     */
    Run begin(String what, String store);

    /** One run on the view. */
    interface Run extends AutoCloseable {

        /**
         * It has got this far; called at once and then about once a second.
         *
         * @param aboutFiles how many files it will probably be; 0 if nobody knows. It grows with what is found, but may
         *     be less than there are
         * @param aboutBytes how many bytes it will probably be; likewise
         */
        void at(long files, long bytes, long aboutFiles, long aboutBytes);

        /** It has ended, well or not. */
        @Override
        void close();
    }
}
