package cocart.upkeep.detect;

import cocart.upkeep.state.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The sightings of plugins in the state database: a row for each fingerprint in turn, so the rows are the history. */
public final class Sightings {

    private final Database database;

    public Sightings(Database database) {
        this.database = database;
    }

    /**
     * Records a look. The plugin has settled when it is fit and two looks at least {@code settle} apart found the same.
     */
    public Sighting record(String store, PluginLook look, Duration settle) {
        return Objects.requireNonNull(database.inTransaction(() -> {
            LocalDateTime now = database.now();
            Optional<Sighting> last = latest(store, look.plugin());
            boolean same = last.isPresent() && last.get().fingerprint().equals(look.fingerprint());
            Instant firstSeen = same ? last.get().firstSeen() : now.toInstant(ZoneOffset.UTC);
            boolean longEnough = same
                    && Duration.between(firstSeen, now.toInstant(ZoneOffset.UTC))
                                    .compareTo(settle)
                            >= 0;
            Sighting.State state = !look.present()
                    ? Sighting.State.ABSENT
                    : look.unfit() == null && longEnough ? Sighting.State.SETTLED : Sighting.State.UNSETTLED;
            String rolledBackFrom = rolledBackFrom(store, look, same ? last.get() : null);
            Sighting sighting = new Sighting(
                    same ? last.get().id() : UUID.randomUUID().toString(),
                    look.plugin(),
                    look.fingerprint(),
                    state,
                    look.version(),
                    rolledBackFrom,
                    look.unfit(),
                    firstSeen,
                    state == Sighting.State.SETTLED || (same && last.get().wasSettled()));
            JdbcClient.StatementSpec statement = database.sql(same ? "sighting-again" : "sighting-add");
            if (!same) {
                statement = statement
                        .param("store", store)
                        .param("plugin", look.plugin())
                        .param("fingerprint", look.fingerprint());
            }
            statement
                    .param("id", sighting.id())
                    .param("state", state.text())
                    .param("version", look.version())
                    .param("rolledBackFrom", rolledBackFrom)
                    .param("reason", look.unfit())
                    .param("now", now)
                    .update();
            return sighting;
        }));
    }

    /** The newest sighting of a plugin. */
    public Optional<Sighting> latest(String store, String plugin) {
        return database.sql("plugin-state")
                .param("store", store)
                .param("plugin", plugin)
                .query(Sightings::map)
                .optional();
    }

    /**
     * When the files began to change towards the code that is installed now: the first sighting after the last settled
     * one of another version; if there is no such one, the first of this version. Where a second update came before the
     * first had settled, this is when the first one came: its code may have lost carts already. A version counts as
     * settled if it ever was, also where a {@code .maintenance} or the change itself unsettled it at last.
     */
    public Optional<Instant> exposedSince(String store, String plugin) {
        List<Sighting> newestFirst = database.sql("sighting-history")
                .param("store", store)
                .param("plugin", plugin)
                .query(Sightings::map)
                .list();
        Instant since = null;
        Instant own = null;
        for (Sighting sighting : newestFirst) {
            boolean another =
                    !Objects.equals(sighting.version(), newestFirst.get(0).version());
            if (another && sighting.wasSettled()) {
                return Optional.ofNullable(since);
            }
            since = sighting.firstSeen();
            own = another ? own : since;
        }
        return Optional.ofNullable(own);
    }

    /** Since when a plugin's newest files are only waited for, whether they stay as they are; by store. */
    public Map<String, Instant> waiting() {
        Map<String, Instant> waiting = new HashMap<>();
        database.sql("sightings-waiting").query(row -> {
            waiting.merge(
                    row.getString("store"),
                    row.getObject("first_seen_at", LocalDateTime.class).toInstant(ZoneOffset.UTC),
                    (one, other) -> one.isBefore(other) ? one : other);
        });
        return waiting;
    }

    private @Nullable String rolledBackFrom(String store, PluginLook look, @Nullable Sighting same) {
        if (same != null) {
            return same.rolledBackFrom();
        }
        if (look.version() == null) {
            return null;
        }
        return database.sql("sighting-settled")
                .param("store", store)
                .param("plugin", look.plugin())
                .query(Sightings::map)
                .optional()
                .map(Sighting::version)
                .filter(before -> PhpVersion.compare(look.version(), before) < 0)
                .orElse(null);
    }

    private static Sighting map(ResultSet row, int n) throws SQLException {
        return new Sighting(
                row.getString("id"),
                row.getString("plugin"),
                row.getString("fingerprint"),
                Sighting.State.of(row.getString("state")),
                row.getString("version"),
                row.getString("rolled_back_from"),
                row.getString("reason"),
                row.getObject("first_seen_at", LocalDateTime.class).toInstant(ZoneOffset.UTC),
                row.getObject("settled_at") != null);
    }
}
