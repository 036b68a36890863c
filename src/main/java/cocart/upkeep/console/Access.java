package cocart.upkeep.console;

/** Who may do what. */
public final class Access {

    private Access() {}

    /** True if a method of HTTP changes nothing. */
    static boolean isReading(String method) {
        return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
    }
}
