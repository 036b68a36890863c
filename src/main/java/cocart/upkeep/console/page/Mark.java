package cocart.upkeep.console.page;

/**
 * A state in one word, with what it means to somebody who looks: the page gives each kind a sign and a colour.
 *
 * @param kind {@code good}, {@code busy}, {@code wait} (for a human), {@code bad} or {@code off} (nothing to say)
 * @param text the word, as in CoCart, WordPress and Action Scheduler
 */
public record Mark(String kind, String text) {

    /** Of a data update; {@code none} is no more than that. */
    static Mark ofUpdate(String state) {
        return switch (state) {
            case "complete" -> new Mark("good", state);
            case "in-progress" -> new Mark("busy", state);
            case "awaiting-approval" -> new Mark("wait", "update required");
            case "blocked" -> new Mark("wait", state);
            case "failed" -> new Mark("bad", state);
            default -> new Mark("off", state);
        };
    }

    /** Of a step of it. */
    static Mark ofStep(String status) {
        return ofUpdate(status);
    }

    /** Of a plugin's folder. */
    static Mark ofPlugin(String state) {
        return switch (state) {
            case "settled" -> new Mark("good", state);
            case "absent" -> new Mark("bad", state);
            default -> new Mark("wait", state);
        };
    }

    /** Of the tables that a plugin needs. */
    static Mark ofSchema(String state) {
        return switch (state) {
            case "current" -> new Mark("good", state);
            case "outdated" -> new Mark("bad", state);
            default -> new Mark("off", state);
        };
    }
}
