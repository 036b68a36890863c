package cocart.upkeep;

import cocart.upkeep.backup.RestoreRequest;
import cocart.upkeep.backup.RestoreView;
import cocart.upkeep.backup.Restored;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.DatabaseAddresses;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.SameDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code upkeep restore}. */
@Command(
        name = "restore",
        description = "Restore a snapshot: to a folder, or into the store itself.",
        mixinStandardHelpOptions = true)
final class RestoreCommand extends Commands.Base {

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private static final Pattern LITERAL_PASSWORD =
            Pattern.compile("[?&][a-z]*password=(?!\\{\\{[^{}]*\\}\\}(&|$))[^&]", Pattern.CASE_INSENSITIVE);

    @Parameters(
            paramLabel = "STORE",
            completionCandidates = StoreIds.class,
            description = "Id of the store, as in upkeep.stores.")
    String store;

    @Parameters(
            paramLabel = "SNAPSHOT",
            description = "Id of the snapshot, or its beginning, or latest; see upkeep snapshots.")
    String snapshot;

    @Option(names = "--to", paramLabel = "DIR", description = "Into a new or empty folder on this machine.")
    @Nullable
    Path to;

    @Option(names = "--in-place", description = "Into the store itself: its files, its database.")
    boolean inPlace;

    @Option(names = "--path", paramLabel = "P", description = "Only this file or folder below wp-content.")
    @Nullable
    String path;

    @Option(names = "--database-only", description = "Only the database.")
    boolean databaseOnly;

    @Option(names = "--files-only", description = "Only files.")
    boolean filesOnly;

    @Option(
            names = "--database-url",
            paramLabel = "JDBC",
            description = "Load the database there, not into the store's own; user and password are the store's, or"
                    + " stand in it as ?user=NAME&password={{env:NAME}} (or {{file:PATH}}, below the home folder).")
    @Nullable
    String databaseUrl;

    @Option(
            names = "--delete",
            description =
                    "With --in-place: remove files that the snapshot does not have, if another snapshot has them.")
    boolean delete;

    @Option(
            names = "--all",
            description = "With --in-place: write also files that seem unchanged (same size, time and mode).")
    boolean all;

    @Option(names = "--dry-run", description = "Say what would be done; change nothing.")
    boolean dryRun;

    @Option(names = "--no-backup", description = "Do not back up first what is in the store now.")
    boolean noBackup;

    @Option(names = "--yes", description = "Do not ask.")
    boolean yes;

    @Option(names = "--json", description = "As JSON, for programs.")
    boolean json;

    @Override
    public Integer call() throws Exception {
        checkUsage();
        try (Bundle bundle = upkeep.open(false)) {
            bundle.events.outcomesAreSaid();
            boolean usesStore = to == null || databaseUrl != null;
            if (usesStore || bundle.snapshots.list(store).isEmpty()) {
                store(bundle, store); // a folder takes snapshots of a store that is no longer set up, too
            }
            if (to == null && !inPlace && databaseUrl == null) {
                throw wrong("say where to: --to DIR, --in-place, or --database-url JDBC for the database alone");
            }
            String id = bundle.restores.pick(store, snapshot).id();
            RestoreRequest request = new RestoreRequest(
                    store,
                    id,
                    to == null ? null : to.toAbsolutePath().normalize(),
                    path == null ? null : RestoreRequest.checkedPath(path),
                    withFiles(),
                    withDatabase(),
                    null,
                    delete,
                    all,
                    dryRun,
                    !noBackup);
            if (usesStore) {
                bundle.start();
                Commands.stopAtOnce(bundle);
            }
            if (databaseUrl != null) {
                request = request.into(elsewhere(bundle, databaseUrl));
            }
            if (usesStore && !dryRun && !isConfirmed(id, request)) {
                err().println("upkeep: nothing was restored");
                return Upkeep.NEEDS_A_HUMAN;
            }
            Restored restored;
            if (json) {
                try (JsonView view = new JsonView(out(), store, id, dryRun)) {
                    restored = bundle.restores.run(request, view);
                    view.end(restored);
                }
            } else {
                restored = bundle.restores.run(request, new TextView(out()));
                out().println(text(id, restored));
                out().flush();
            }
            return restored.failed() == 0 ? Upkeep.FINE : Upkeep.NEEDS_A_HUMAN;
        }
    }

    private String text(String id, Restored restored) {
        return (dryRun ? "would restore " : "restored ") + id + " of " + store + ": " + restored.files()
                + " files written, " + restored.bytes() + " bytes; " + restored.unchanged() + " as they were; "
                + restored.deleted() + " deleted; "
                + (restored.database() ? "database" : "no database")
                + (restored.failed() == 0 ? "" : "; " + restored.failed() + " failed, see above")
                + (restored.before() == null
                        ? ""
                        : "; what was there before is " + restored.before().id());
    }

    private boolean withFiles() {
        return !databaseOnly && (to != null || inPlace);
    }

    private boolean withDatabase() {
        return !filesOnly && path == null;
    }

    private void checkUsage() {
        if (to != null && to.toString().isEmpty()) {
            throw wrong("--to is empty; name the folder");
        }
        if (to != null && inPlace) {
            throw wrong("--to and --in-place exclude each other");
        }
        if (databaseOnly && filesOnly) {
            throw wrong("--database-only and --files-only exclude each other");
        }
        if (path != null && databaseOnly) {
            throw wrong("--path names files, so it cannot go with --database-only");
        }
        if (databaseUrl != null && (filesOnly || path != null)) {
            throw wrong("--database-url is for the database, so it cannot go with --files-only or --path");
        }
        if (databaseUrl != null && LITERAL_PASSWORD.matcher(databaseUrl).find()) {
            throw wrong("a password in --database-url can be seen by all users of this machine; write"
                    + " password={{env:NAME}} for an environment variable, or password={{file:PATH}}, in quotes");
        }
        if (databaseUrl != null && inPlace && !databaseOnly) {
            throw wrong("--in-place restores the store's own database: leave out --database-url, or --in-place");
        }
        if ((delete || all) && (!inPlace || databaseOnly)) {
            throw wrong("--delete and --all are for files --in-place; another folder must be empty");
        }
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    private DatabaseAddress elsewhere(Bundle bundle, String url) {
        try (StoreDatabase own = bundle.stores.database(store)) {
            DatabaseAddress address = DatabaseAddresses.other(
                    own.address(), SettingsSource.resolvedUrl(bundle.settings().home(), "--database-url", url));
            if (address.isSameAs(own.address()) || isSame(own, address)) {
                throw wrong("--database-url is the store's own database: leave it out and say --in-place"
                        + " --database-only, so that what is there is backed up first and the store's jobs wait");
            }
            return address;
        }
    }

    private boolean isSame(StoreDatabase own, DatabaseAddress address) {
        try (Connection there = connect(address)) {
            Connection here;
            try {
                here = own.connect();
            } catch (StoreException e) {
                LOG.warn(
                        "{}. So only by their addresses --database-url and the store's own database are known to be"
                                + " two.",
                        e.getMessage());
                return false;
            }
            try (here) {
                return SameDatabase.is(here, there);
            }
        } catch (SQLException e) {
            throw new StoreException("A database hung up: " + Faults.words(e), e);
        }
    }

    private Connection connect(DatabaseAddress address) {
        try (StoreDatabase other = new JdbcStoreDatabase(store, address)) {
            return other.connect();
        } catch (StoreException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new StoreException(
                    "The database of --database-url at " + address.host() + ":" + address.port() + " cannot be used ("
                            + PlainText.of(String.valueOf(cause.getMessage())) + ")",
                    e,
                    e.isPermanent());
        }
    }

    private boolean isConfirmed(String id, RestoreRequest request) {
        if (yes) {
            return true;
        }
        Console console = System.console();
        if (console == null) {
            throw wrong("this changes " + target(request) + " and nobody can be asked here; add --yes");
        }
        console.printf(
                "%s%nGo on? [y/N] ",
                "Snapshot " + id + " of store " + store + " will replace " + target(request) + "."
                        + (request.database()
                                ? " Tables of the database are replaced one by one, which cannot be taken back"
                                        + " half-way; orders and carts since then are lost."
                                : "")
                        + (request.isInPlace()
                                ? noBackup
                                        ? " What is there now is NOT backed up."
                                        : " What is there now is backed up first."
                                : ""));
        String answer = console.readLine();
        return answer != null && answer.strip().toLowerCase(Locale.ROOT).matches("y|yes");
    }

    private String target(RestoreRequest request) {
        DatabaseAddress elsewhere = request.elsewhere();
        String files = request.files() && inPlace ? "files of the store " + store : "";
        String database = !request.database()
                ? ""
                : elsewhere != null
                        ? "tables of the database " + elsewhere.name() + " at " + elsewhere.host()
                        : "the database of the store " + store;
        return files.isEmpty() || database.isEmpty() ? files + database : files + " and " + database;
    }

    /** How far it is, in the log every half minute. */
    private abstract static class View implements RestoreView {

        private static final long EVERY = TimeUnit.SECONDS.toNanos(30);

        private long last = System.nanoTime();

        @Override
        public final void at(String what, long files, long allFiles, long bytes, long allBytes) {
            if (System.nanoTime() - last >= EVERY) {
                last = System.nanoTime();
                LOG.info("Restoring {}: {} of {}, {} of {} bytes", what, files, allFiles, bytes, allBytes);
            }
        }
    }

    /** What people read. */
    private static final class TextView extends View {

        private final PrintWriter out;

        TextView(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void note(String word, String path, String reason) {
            out.println(PlainText.of(String.format(Locale.ROOT, "%-8s", word)
                    + path
                    + (reason.isEmpty() || path.isEmpty() ? reason : ": " + reason)));
        }
    }

    /** What programs read: one object, whose entries are written as they come, as they may be millions. */
    private static final class JsonView extends View implements AutoCloseable {

        private final PrintWriter out;
        private final JsonGenerator to;

        JsonView(PrintWriter out, String store, String snapshot, boolean dryRun) throws IOException {
            this.out = out;
            to = new JsonFactory().createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            to.writeStartObject();
            to.writeStringField("store", store);
            to.writeStringField("snapshot", snapshot);
            to.writeBooleanField("dryRun", dryRun);
            to.writeArrayFieldStart("entries");
        }

        @Override
        public void note(String word, String path, String reason) {
            try {
                to.writeStartObject();
                to.writeStringField("outcome", word);
                to.writeStringField("path", path);
                to.writeStringField("detail", reason);
                to.writeEndObject();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void end(Restored restored) throws IOException {
            to.writeEndArray();
            to.writeNumberField("files", restored.files());
            to.writeNumberField("bytes", restored.bytes());
            to.writeNumberField("unchanged", restored.unchanged());
            to.writeNumberField("deleted", restored.deleted());
            to.writeNumberField("failed", restored.failed());
            to.writeBooleanField("database", restored.database());
            Snapshot before = restored.before();
            to.writeStringField("before", before == null ? null : before.id());
        }

        /** Ends what is open, so that it is JSON also where the restore has broken off: it has no numbers then. */
        @Override
        public void close() throws IOException {
            to.close();
            out.println();
        }
    }
}
