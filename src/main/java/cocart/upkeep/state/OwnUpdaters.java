package cocart.upkeep.state;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;

/**
 * What is known of the plugins' own updaters: how long a data update has waited for one, what became of it, and the data
 * updates that only the plugin itself can make, because no plan describes them ({@code blocked}).
 */
public final class OwnUpdaters {

    /**
     * What is known for one data update.
     *
     * @param seenAt when the own updater was first seen at work, or null
     * @param note what became of it, one or two sentences, or null
     * @param cacheNote what the store's object cache may still show, or null
     * @param callbacks what the plugin's source declares if no plan describes the update; empty for an update by a plan
     * @param finalVersion argument of the action that sets the database version, or null if the release has none
     * @param askedAt when a person handed the update over to WordPress, or null
     * @param firstAction id from which on the store's actions belong to this update, or null if not yet known
     * @param queuedAt when the callbacks were in the store's queue, or null
     * @param nudgedAt when WP-Cron was last called, or null
     * @param nudge how that went, half a sentence, or null
     * @param blogs of the store that have the plugin's tables; more than 1 in a network
     */
    public record Known(
            @Nullable Instant seenAt,
            @Nullable String note,
            @Nullable String cacheNote,
            List<Declared> callbacks,
            @Nullable String finalVersion,
            @Nullable Instant askedAt,
            @Nullable Long firstAction,
            @Nullable Instant queuedAt,
            @Nullable Instant nudgedAt,
            @Nullable String nudge,
            int blogs) {

        static final Known NOTHING = new Known(null, null, null, List.of(), null, null, null, null, null, null, 1);

        /** Names of all callbacks in the order in which they are called. */
        public List<String> names() {
            return callbacks.stream().flatMap(d -> d.callbacks().stream()).toList();
        }

        /** False for a network: WordPress runs the callbacks of one blog only, and each of the others by itself. */
        public boolean mayBeHandedOver() {
            return blogs == 1;
        }

        /** True if WordPress makes this update, because a person said so. */
        public boolean isHandedOver() {
            return askedAt != null;
        }
    }

    /**
     * A version in the plugin's {@code db_updates}.
     *
     * @param callbacks names of functions, in order
     */
    public record Declared(String version, List<String> callbacks) {

        private static final Pattern BLOGS = Pattern.compile("^blogs ([0-9]{1,9})$", Pattern.MULTILINE);

        /** The same before a line with the number of blogs that run them, where these are several. */
        static String text(List<Declared> list, int blogs) {
            return (blogs > 1 ? "blogs " + blogs + "\n" : "") + text(list);
        }

        /** The number of blogs in such a text. */
        static int blogs(@Nullable String text) {
            Matcher blogs = BLOGS.matcher(text == null ? "" : text);
            return blogs.find() ? Integer.parseInt(blogs.group(1)) : 1;
        }

        /** Lines of {@code VERSION=NAME,NAME}. */
        static String text(List<Declared> list) {
            return list.stream()
                    .map(one -> one.version() + "=" + String.join(",", one.callbacks()))
                    .collect(Collectors.joining("\n"));
        }

        static List<Declared> parse(@Nullable String text) {
            return text == null
                    ? List.of()
                    : text.lines()
                            .filter(line -> line.contains("="))
                            .map(line -> new Declared(
                                    line.substring(0, line.indexOf('=')),
                                    Stream.of(line.substring(line.indexOf('=') + 1)
                                                    .split(","))
                                            .filter(name -> !name.isEmpty())
                                            .toList()))
                            .toList();
        }
    }

    /** What a plugin's source declares; final version as in {@link Known}. */
    public record Source(List<Declared> updates, @Nullable String finalVersion) {}

    private final Database database;
    private final Events events;

    public OwnUpdaters(Database database, Events events) {
        this.database = database;
        this.events = events;
    }

    /** What is known for a data update; nothing at all for most. */
    public Known of(String dataUpdate) {
        return database.sql("own-updater-get")
                .param("id", dataUpdate)
                .query((row, n) -> new Known(
                        Database.instant(row, "seen_at"),
                        row.getString("note"),
                        row.getString("cache_note"),
                        Declared.parse(row.getString("callbacks")),
                        row.getString("final_version"),
                        Database.instant(row, "asked_at"),
                        row.getObject("first_action", Long.class),
                        Database.instant(row, "queued_at"),
                        Database.instant(row, "nudged_at"),
                        row.getString("nudge"),
                        Declared.blogs(row.getString("callbacks"))))
                .optional()
                .orElse(Known.NOTHING);
    }

    /** Time since an instant that this database has recorded, by its own clock; never negative. */
    public Duration since(Instant then) {
        Duration passed = Duration.between(then, database.now().toInstant(ZoneOffset.UTC));
        return passed.isNegative() ? Duration.ZERO : passed;
    }

    /** The own updater is at work; only the first time counts. */
    public Instant seen(String dataUpdate) {
        there(dataUpdate);
        database.sql("own-updater-seen").param("id", dataUpdate).update();
        return Objects.requireNonNull(of(dataUpdate).seenAt());
    }

    /** Records what became of the own updater, here and as an event. */
    public void note(DataUpdate update, String note) {
        there(update.id());
        database.sql("own-updater-note")
                .param("id", update.id())
                .param("note", Database.cut(note))
                .update();
        events.record(update.store(), note);
    }

    /** Records what the store's object cache may still show, here and as an event. */
    public void cacheNote(DataUpdate update, String note, boolean failed) {
        there(update.id());
        database.sql("own-updater-cache")
                .param("id", update.id())
                .param("note", Database.cut(note))
                .update();
        if (failed) {
            events.failure(update.store(), note);
        } else {
            events.record(update.store(), note);
        }
    }

    /** A person tries an update again: the waiting begins anew. */
    public void anew(DataUpdate update) {
        database.sql("own-updater-anew").param("id", update.id()).update();
    }

    /** The callbacks did not end well; if a person tries the update again, they are queued anew. */
    public void requeue(DataUpdate update) {
        database.sql("own-updater-requeue").param("id", update.id()).update();
    }

    /** Remembers the action before whose queueing this process may die; the rows from it on are this update's. */
    public void first(String dataUpdate, long action) {
        there(dataUpdate);
        database.sql("own-updater-first")
                .param("id", dataUpdate)
                .param("first", action)
                .update();
    }

    /** The callbacks are in the store's queue, from this action on. */
    public void queued(DataUpdate update, long firstAction, String text) {
        if (database.sql("own-updater-queued")
                        .param("id", update.id())
                        .param("first", firstAction)
                        .update()
                == 1) {
            events.record(update.store(), text);
        }
    }

    /** WP-Cron was called. */
    public void nudged(String dataUpdate, String how) {
        database.sql("own-updater-nudged")
                .param("id", dataUpdate)
                .param("nudge", how.length() > 1000 ? how.substring(0, 1000) : how)
                .update();
    }

    /**
     * Opens a blocked data update, or brings the one that is open to what is known now. Nothing happens if the last one
     * for the same code and version failed, was canceled or is complete: then a person has decided.
     *
     * @param from the store's database version, or null
     * @param blogs of the store that have the plugin's tables
     */
    public void block(
            String store,
            String plugin,
            @Nullable String from,
            String to,
            String code,
            Instant exposedSince,
            Source source,
            int blogs,
            String reason,
            Optional<DataUpdate> latest) {
        String id;
        if (latest.filter(last -> last.state().equals("blocked")).isPresent()) {
            id = latest.get().id();
            if (Objects.requireNonNull(Database.cut(reason)).equals(latest.get().reason()) && of(id).blogs() == blogs) {
                return;
            }
            database.sql("blocked-change")
                    .param("id", id)
                    .param("from", from)
                    .param("to", to)
                    .param("code", code)
                    .param("reason", Database.cut(reason))
                    .update();
        } else if (latest.filter(last -> last.isOpen()
                        || (last.toVersion().equals(to) && last.codeVersion().equals(code)))
                .isPresent()) {
            return;
        } else {
            id = UUID.randomUUID().toString();
            try {
                database.sql("blocked-add")
                        .param("id", id)
                        .param("store", store)
                        .param("plugin", plugin)
                        .param("from", from)
                        .param("to", to)
                        .param("code", code)
                        .param("reason", Database.cut(reason))
                        .param("key", store + "/" + plugin)
                        .param("exposed", LocalDateTime.ofInstant(exposedSince, ZoneOffset.UTC))
                        .update();
            } catch (DuplicateKeyException e) {
                return; // another instance was first
            }
        }
        there(id);
        database.sql("own-updater-callbacks")
                .param("id", id)
                .param("callbacks", Declared.text(source.updates(), blogs))
                .param("final", source.finalVersion())
                .update();
        events.record(store, "Data update of " + plugin + " to database version " + to + " is blocked: " + reason);
    }

    /** Blocks an update again that was tried again without a plan. */
    public void blockAgain(DataUpdate update, String reason) {
        database.sql("blocked-again")
                .param("id", update.id())
                .param("reason", Database.cut(reason))
                .update();
    }

    /** There is a plan now for what was blocked, or for what has to come before it: the update goes on by that plan. */
    public void planned(DataUpdate blocked, DueUpdate due) {
        int changed = database.sql("blocked-planned")
                .param("id", blocked.id())
                .param("state", due.approved() ? "pending" : "awaiting-approval")
                .param("from", due.from())
                .param("to", due.to())
                .param("code", due.code())
                .update();
        if (changed == 1) {
            database.sql("own-updater-remove").param("id", blocked.id()).update();
            events.record(
                    due.store(),
                    "The blocked data update of " + due.plugin() + " to " + blocked.toVersion()
                            + " is superseded: config/updates has a plan to " + due.to() + ", which "
                            + (due.approved() ? "is pending." : "awaits approval: upkeep approve " + due.store()));
        }
    }

    /** Nothing asks for a blocked update any more. */
    public void unblock(DataUpdate blocked, String why) {
        if (database.sql("blocked-remove").param("id", blocked.id()).update() == 1) {
            database.sql("own-updater-remove").param("id", blocked.id()).update();
            events.record(
                    blocked.store(),
                    "The data update of " + blocked.plugin() + " to " + blocked.toVersion()
                            + " is not blocked any more: " + why);
        }
    }

    /** A person hands a blocked update over to WordPress; false if it is not blocked (any more). */
    public boolean handOver(DataUpdate blocked) {
        return database.inTransaction(() -> {
            there(blocked.id());
            if (database.sql("blocked-hand-over").param("id", blocked.id()).update() == 0) {
                return false;
            }
            database.sql("own-updater-asked").param("id", blocked.id()).update();
            events.record(
                    blocked.store(),
                    "Data update of " + blocked.plugin() + " to " + blocked.toVersion()
                            + " approved, to be made by WordPress; now pending.");
            return true;
        });
    }

    /** What the source of a plugin in this state of its folder declares; empty if it was not read yet. */
    public Optional<Source> declared(String store, String plugin, String fingerprint) {
        return database.sql("declared-get")
                .param("store", store)
                .param("plugin", plugin)
                .param("fingerprint", fingerprint)
                .query((row, n) ->
                        new Source(Declared.parse(row.getString("callbacks")), row.getString("final_version")))
                .optional();
    }

    /** True if the source of a plugin, when it was last read, declared an update to this version. */
    public boolean declares(String store, String plugin, String version) {
        return database
                .sql("declared-last")
                .param("store", store)
                .param("plugin", plugin)
                .query((row, n) -> Declared.parse(row.getString("callbacks")))
                .list()
                .stream()
                .flatMap(List::stream)
                .anyMatch(declared -> declared.version().equals(version));
    }

    /** Remembers what a plugin's source declares. */
    public void declare(String store, String plugin, String fingerprint, Source source) {
        try {
            database.inTransaction(() -> {
                database.sql("declared-remove")
                        .param("store", store)
                        .param("plugin", plugin)
                        .update();
                return database.sql("declared-add")
                        .param("store", store)
                        .param("plugin", plugin)
                        .param("fingerprint", fingerprint)
                        .param("callbacks", Declared.text(source.updates()))
                        .param("final", source.finalVersion())
                        .update();
            });
        } catch (DuplicateKeyException e) {
            // another instance has just read the same
        }
    }

    private void there(String dataUpdate) {
        if (database.sql("own-updater-get")
                .param("id", dataUpdate)
                .query((row, n) -> row.getString("data_update_id"))
                .optional()
                .isEmpty()) {
            try {
                database.sql("own-updater-add").param("id", dataUpdate).update();
            } catch (DuplicateKeyException e) {
                // there now
            }
        }
    }
}
