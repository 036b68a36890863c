package cocart.upkeep.backup;

/**
 * How many of the distinct contents a verification hashes. The same seed chooses the same ones among the same contents.
 *
 * @param part more than 0; 1 for all
 * @param seed any number
 */
public record Sample(double part, long seed) {

    /** Every content. */
    public static final Sample ALL = new Sample(1, 0);

    /** True if nothing is left out. */
    public boolean isAll() {
        return part >= 1;
    }

    /** A content's place in this seed's random order. */
    long place(String sha256) {
        long place = mixed(seed);
        for (int i = 0; i < sha256.length(); i++) {
            place = mixed(place ^ sha256.charAt(i));
        }
        return place;
    }

    /** The finalizer of SplittableRandom: spreads every bit over all. */
    private static long mixed(long bits) {
        long z = bits + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
