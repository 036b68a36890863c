package cocart.upkeep.console.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A store's data update in short.
 *
 * @param state as {@code status --json} has it, {@code none} if there never was one
 * @param from database version before, or null
 * @param to database version that it leads to, or null
 * @param reason why it is in this state, or null
 * @param stepsDone complete steps
 * @param steps all steps; 0 while they are not planned
 * @param exposure how long new carts have been, or were, lost; null if that is not known
 * @param isExposed true while they are
 * @param snapshot the one made before the first step, or null
 */
public record UpdateView(
        String state,
        Mark mark,
        String plugin,
        @Nullable String from,
        @Nullable String to,
        @Nullable String reason,
        int stepsDone,
        int steps,
        @Nullable String exposure,
        boolean isExposed,
        @Nullable String snapshot,
        @Nullable Long cartsBefore,
        @Nullable Long cartsAfter) {

    static UpdateView of(JsonNode update, Instant now) {
        String state = Node.text(update, "state", "none");
        int done = 0;
        for (JsonNode step : update.path("steps")) {
            done += step.path("status").asText().equals("complete") ? 1 : 0;
        }
        Long lasted = Node.number(update, "exposureSeconds");
        Instant since = Node.time(update, "exposedSince");
        boolean exposed = lasted == null && since != null && !state.equals("none");
        String exposure = lasted != null
                ? Moment.took(Duration.ofSeconds(Math.max(lasted, 1)))
                : exposed ? Moment.rough(Duration.between(Objects.requireNonNull(since), now)) : null;
        return new UpdateView(
                state,
                Mark.ofUpdate(state),
                PluginView.name(Node.text(update, "plugin", "")),
                Node.text(update, "from"),
                Node.text(update, "to"),
                Node.text(update, "reason"),
                done,
                update.path("steps").size(),
                exposure,
                exposed,
                Node.text(update, "snapshot"),
                Node.number(update, "cartsBefore"),
                Node.number(update, "cartsAfter"));
    }

    /** True while steps run or wait for their turn. */
    public boolean isUnderWay() {
        return state.equals("pending") || state.equals("in-progress");
    }

    /** True if {@code retry} has something to do. */
    public boolean canRetry() {
        return state.equals("failed") || state.equals("canceled");
    }

    /** True if {@code cancel} has something to do. */
    public boolean canCancel() {
        return isUnderWay() || state.equals("awaiting-approval") || state.equals("blocked");
    }

    /** From which database version to which, for example {@code 2.9.3 → 3.0.0}; empty if there is no update. */
    public String versions() {
        return to == null ? "" : (from == null ? "none" : from) + " → " + to;
    }
}
