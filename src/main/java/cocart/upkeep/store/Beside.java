package cocart.upkeep.store;

/** Sentences about a store where its name stands already. */
public final class Beside {

    private Beside() {}

    /** The sentence without {@code store ID: } in front of it, to follow that store's id. */
    public static String id(String store, String sentence) {
        String named = "store " + store + ": ";
        return sentence.startsWith(named) ? sentence.substring(named.length()) : sentence;
    }
}
