package cocart.upkeep.notify;

import cocart.upkeep.notify.StoreView.Update;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a store's data updates give cause to say, in the words that CoCart's users know. */
final class UpdateCauses implements Function<StoreView, Stream<Finding>> {

    private static final Set<String> UNDECIDED =
            Set.of("awaiting-approval", "pending", "in-progress", "failed", "blocked");

    private final Function<String, Duration> exposure;

    /** @param exposure for a store: how long new carts may be exposed before that is said; 0 for never */
    UpdateCauses(Function<String, Duration> exposure) {
        this.exposure = exposure;
    }

    @Override
    public Stream<Finding> apply(StoreView view) {
        return view.updates.stream()
                .flatMap(update -> Stream.of(progress(view, update), exposed(view, update)))
                .filter(Objects::nonNull);
    }

    private static @Nullable Finding progress(StoreView view, Update update) {
        return switch (update.state()) {
            case "awaiting-approval" -> required(view, update);
            case "pending", "in-progress" -> update.isRefused() ? refused(update) : updating(update);
            case "complete" -> complete(view, update);
            case "failed" -> failed(view, update);
            case "blocked" -> blocked(update);
            case "canceled" -> null;
            default -> update.open() ? unknown(view, update) : null;
        };
    }

    /** A newer version has written it, or somebody by hand; it keeps the store from any other data update. */
    private static Finding unknown(StoreView view, Update update) {
        return Finding.of(
                Cause.UPDATE_REFUSED,
                update.plugin(),
                update.id() + "\n" + update.state(),
                "The data update of " + update.plugin() + " to " + update.toVersion() + " does not go on: its state '"
                        + update.state() + "' in the state database is none that this version of upkeep knows. Run the"
                        + " newer version that wrote it, or run: upkeep cancel " + view.id() + ", then: upkeep retry "
                        + view.id());
    }

    private static Finding required(StoreView view, Update update) {
        return Finding.of(
                Cause.UPDATE_REQUIRED,
                update.plugin(),
                update.id() + "\n" + update.codeVersion(),
                "CoCart database update required: the tables of " + update.plugin() + " are not what its code "
                        + update.codeVersion() + " needs, and new carts are lost until then. Run: upkeep approve "
                        + view.id() + update.because());
    }

    private static Finding updating(Update update) {
        return Finding.of(
                Cause.UPDATING,
                update.plugin(),
                update.id(),
                "CoCart is updating the database in the background: the tables of " + update.plugin()
                        + " are brought to database version " + update.toVersion() + "."
                        + update.because());
    }

    private static Finding complete(StoreView view, Update update) {
        return Finding.of(
                Cause.UPDATE_COMPLETE,
                update.plugin(),
                update.id() + "\n" + update.finishedAt(),
                "CoCart database update complete: "
                        + (update.handedOver()
                                ? update.reason()
                                : update.plugin() + " " + update.codeVersion() + " has database version "
                                        + update.toVersion() + ", proven in the schema.")
                        + (update.note() == null ? "" : " " + update.note())
                        + (update.cacheNote() == null ? "" : " " + update.cacheNote())
                        + " Run: upkeep dismiss " + view.id());
    }

    /** A failure is a new one each time that a person has tried again. */
    private static Finding failed(StoreView view, Update update) {
        return Finding.of(
                update.stepFailed() ? Cause.STEP_FAILED : Cause.UPDATE_FAILED,
                update.plugin(),
                update.id() + "\n" + update.finishedAt(),
                "The data update of " + update.plugin() + " failed: " + update.reason()
                        + (String.valueOf(update.reason()).endsWith(".") ? "" : ".")
                        + " When that is mended, run: upkeep retry " + view.id());
    }

    private static Finding refused(Update update) {
        return Finding.of(
                Cause.UPDATE_REFUSED,
                update.plugin(),
                update.id() + "\n" + Finding.withoutFigures(update.because()),
                "The data update of " + update.plugin() + " does not go on." + update.because());
    }

    private static Finding blocked(Update update) {
        return Finding.of(
                Cause.UPDATE_BLOCKED,
                update.plugin(),
                update.id() + "\n" + update.toVersion() + "\n" + update.codeVersion(),
                String.valueOf(update.reason()));
    }

    private @Nullable Finding exposed(StoreView view, Update update) {
        Duration most = exposure.apply(view.id());
        boolean exposed = UNDECIDED.contains(update.state())
                || (update.state().equals("canceled") && isOutdated(view, update.plugin()));
        if (!exposed
                || most.isZero()
                || update.exposedSince() == null
                || !update.exposedSince().plus(most).isBefore(view.now)) {
            return null;
        }
        return Finding.of(
                Cause.EXPOSURE,
                update.plugin(),
                update.id(),
                "New carts of store " + view.id() + " have been lost since "
                        + update.exposedSince().truncatedTo(ChronoUnit.SECONDS) + ", when the code of "
                        + update.plugin()
                        + " became " + update.codeVersion() + ": its data update is " + update.state() + "."
                        + (update.state().equals("awaiting-approval")
                                ? " Run: upkeep approve " + view.id()
                                : update.state().equals("canceled")
                                        ? " Run: upkeep retry " + view.id()
                                        : " See: upkeep status"));
    }

    /** A canceled update leaves the store as it is; after a rollback to older code nothing is exposed any more. */
    private static boolean isOutdated(StoreView view, String plugin) {
        return view.plugins.stream()
                .anyMatch(seen -> seen.plugin().equals(plugin)
                        && seen.schema().equals("outdated")
                        && seen.rolledBackFrom() == null);
    }
}
