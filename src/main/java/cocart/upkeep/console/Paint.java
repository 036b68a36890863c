package cocart.upkeep.console;

import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Style;

/**
 * Colours for the words by which a state is told, for who reads them on a terminal; the words alone say it too. As most
 * programs do, it heeds {@code NO_COLOR} and {@code CLICOLOR_FORCE}.
 */
public final class Paint {

    /** For what is read by programs, or comes from a file. */
    public static final Paint PLAIN = new Paint(false);

    private final boolean on;

    private Paint(boolean on) {
        this.on = on;
    }

    /** Colours if stdout is a terminal that has them. */
    public static Paint forStdout() {
        return new Paint(Ansi.AUTO.enabled());
    }

    /** True if somebody watches, so that a table may take the place of lines for programs. */
    public boolean isOn() {
        return on;
    }

    /** A word of a state in its colour; the text itself where it is none. */
    public String state(String padded) {
        return switch (padded.strip()) {
            case "complete", "current", "settled", "ok", "verified", "proven" -> in(Style.fg_green, padded);
            case "failed", "absent", "attention", "HURT", "MISSING" -> in(Style.fg_red, padded);
            case "awaiting-approval", "blocked", "outdated", "unsettled", "update-required", "skipped", "canceled" ->
                in(Style.fg_yellow, padded);
            case "pending", "in-progress", "updating" -> in(Style.fg_cyan, padded);
            default -> padded;
        };
    }

    /** What a person should not overlook. */
    public String strong(String text) {
        return in(Style.bold, text);
    }

    private String in(Style style, String text) {
        // all off: what picocli ends bold with (21) underlines twice on many terminals
        return on ? style.on() + text + Style.reset.on() : text;
    }
}
