package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.StoreException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads a dump into a database with {@code mariadb} or {@code mysql}. A dump holds what the store's server sent, and
 * that may be hostile: the client runs none of its own commands in it ({@code \!}, {@code source}, {@code tee}) and
 * sends no local file. What the dump's SQL may do at the server is bounded by the rights of the user who loads it and by
 * nothing else, so that user should have rights on the target database alone; above all not the right to make routines
 * that belong to others (SET USER), unless the dump is trusted.
 */
public final class DatabaseLoad {

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseLoad.class);

    /** Long, because a server may take nothing while it builds the indexes of a big table. */
    private static final int SILENT_MINUTES = 60;

    private static final long TELL_EVERY = TimeUnit.SECONDS.toNanos(1);
    private static final int CHUNK = 1 << 16;
    private static final int TAIL = 4096;
    private static final String FOLDER = "upkeep-load";
    private static final String OPTIONS = ".client.cnf";

    private final ClientPrograms programs;
    private final boolean owned;

    /** @param programs names or paths of client programs; the first that is there is used */
    public DatabaseLoad(List<String> programs) {
        this(programs, false);
    }

    /** @param owned true to make views, triggers, routines and events belong to the user who loads them */
    DatabaseLoad(List<String> programs, boolean owned) {
        this.owned = owned;
        this.programs = new ClientPrograms(List.copyOf(programs), "upkeep.backup.client-program");
    }

    /** True if one of the programs is installed. */
    public boolean isInstalled() {
        return programs.isInstalled();
    }

    /** @throws StoreException (permanent) if none is */
    void checkProgram(String store) {
        programs.first(store);
    }

    /**
     * Loads a gzip-compressed dump. That the dump is whole is looked at first; nothing is loaded of one that is not.
     * Tables that the dump has are replaced, others stay.
     *
     * @param dump {@code database.sql.gz} of a snapshot
     * @param store the store's id, for sentences
     * @param target the database, which must be there
     * @param progress told the bytes of the compressed file that were read so far, at most once a second and at the
     *     end; what it throws ends the load half-way. Null: nobody
     * @throws StoreException if the dump is not whole (nothing was loaded), or if the load failed: the database is then
     *     half loaded, and the message says so
     */
    public void load(Path dump, String store, DatabaseAddress target, @Nullable LongConsumer progress) {
        String where = "store " + store + ": ";
        String program = programs.first(store);
        Path folder = null;
        try {
            check(dump, where);
            folder = Files.createTempDirectory(FOLDER); // 0700; a snapshot's own folder is never written to
            clearLeftovers(folder);
            run(program, folder.resolve(OPTIONS), dump, store, where, target, progress);
        } catch (IOException e) {
            throw new StoreException(
                    where + "the dump " + dump + " could not be read (" + e.getMessage() + "), or there is no room in "
                            + System.getProperty("java.io.tmpdir") + "; mend that and load it again",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(
                    where + "loading the dump was interrupted; the database " + target.name()
                            + " is half loaded, load it again",
                    e);
        } finally {
            if (folder != null) {
                DatabaseDump.remove(folder);
            }
        }
    }

    /**
     * Removes what killed runs of the same user have left beside a folder, as a password is in it. A client reads its
     * options when it starts, so what is older than an hour is of no use to any run.
     */
    private static void clearLeftovers(Path folder) throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(1, ChronoUnit.HOURS));
        UserPrincipal us = Files.getOwner(folder);
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder.resolveSibling(""), FOLDER + "*")) {
            for (Path left : all) {
                try {
                    if (Files.isDirectory(left, LinkOption.NOFOLLOW_LINKS)
                            && Files.getOwner(left, LinkOption.NOFOLLOW_LINKS).equals(us)
                            && Files.getLastModifiedTime(left, LinkOption.NOFOLLOW_LINKS)
                                            .compareTo(old)
                                    < 0) {
                        Files.deleteIfExists(left.resolve(OPTIONS));
                        Files.deleteIfExists(left);
                    }
                } catch (IOException e) {
                    LOG.warn("{} was left by a run that was killed and cannot be removed: {}", left, e.getMessage());
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private void run(
            String program,
            Path file,
            Path dump,
            String store,
            String where,
            DatabaseAddress target,
            @Nullable LongConsumer progress)
            throws IOException, InterruptedException {
        try (ClientOptions options = new ClientOptions(file, target);
                ClientProcess process = programs.start(
                        store,
                        program,
                        List.of(
                                options.argument(),
                                "--batch",
                                "--skip-column-names",
                                // all client commands but DELIMITER are off, and bytes such as CR and NUL stay
                                "--binary-mode",
                                "--loose-sandbox",
                                // those in the text of a routine or trigger
                                "--comments",
                                "--local-infile=0",
                                "--connect-timeout=30",
                                "--max-allowed-packet=1G",
                                "--default-character-set=utf8mb4",
                                "--",
                                target.name()),
                        SILENT_MINUTES)) {
            // Only a client that has run everything before it, and no other program, answers this.
            String last = UUID.randomUUID().toString();
            CompletableFuture<Boolean> answered = answered(process, last);
            Counting counting = new Counting(Disk.read(dump));
            try (InputStream in = new GZIPInputStream(counting, CHUNK)) {
                send(in, counting, process, options, last, progress);
            }
            int code = process.await();
            if (process.wasSilent()) {
                throw new StoreException(
                        where + "the database " + target.name() + " has taken nothing of the dump for " + SILENT_MINUTES
                                + " minutes; it is half loaded, load it again",
                        null);
            }
            if (code != 0) {
                String complaint = options.hidden(process.complaint());
                throw new StoreException(
                        where + "loading the dump into the database " + target.name() + " failed: " + complaint
                                + remedy(complaint, target) + "; the database may be half loaded, load it again",
                        null);
            }
            if (!answered.join()) {
                throw new StoreException(
                        where + program + " did not run the dump to its end, though it says nothing; set "
                                + programs.property() + " to a client of MariaDB or MySQL, and load it again",
                        null);
            }
            if (progress != null) {
                progress.accept(counting.count);
            }
        }
    }

    /** Hands the dump to the client; ends early, without a fault, if the client does: its own words say why. */
    private void send(
            InputStream in,
            Counting counting,
            ClientProcess process,
            ClientOptions options,
            String last,
            @Nullable LongConsumer progress)
            throws IOException {
        long sent = 0;
        long told = System.nanoTime();
        OutputStream out = process.input();
        DumpText text = new DumpText(in, owned);
        for (byte[] piece = text.next(); piece.length > 0; piece = text.next()) {
            if (!give(out, piece)) {
                return;
            }
            process.moved();
            sent += piece.length;
            if (sent > 1 << 20) {
                options.close(); // more than a pipe holds: the client has read its options
            }
            if (progress != null && System.nanoTime() - told >= TELL_EVERY) {
                told = System.nanoTime();
                progress.accept(counting.count);
            }
        }
        if (give(out, ("\nSELECT '" + last + "';\n").getBytes(StandardCharsets.US_ASCII))) {
            end(out);
        }
    }

    private static void end(OutputStream out) {
        try {
            out.close();
        } catch (IOException e) {
            LOG.debug("the client reads no more", e);
        }
    }

    /** False if the client takes nothing any more. */
    private static boolean give(OutputStream out, byte[] bytes) {
        try {
            out.write(bytes);
            return true;
        } catch (IOException e) {
            LOG.debug("the client reads no more", e);
            return false;
        }
    }

    /** Whether a line came on its stdout; the rest of it is dropped, as a dump may hold queries. */
    private static CompletableFuture<Boolean> answered(ClientProcess process, String expected) {
        CompletableFuture<Boolean> answered = new CompletableFuture<>();
        Thread reader = new Thread(
                () -> {
                    boolean found = false;
                    try (InputStream in = new BufferedInputStream(process.output())) {
                        for (String line = ClientProcess.line(in); line != null; line = ClientProcess.line(in)) {
                            found |= line.strip().equals(expected);
                        }
                    } catch (IOException e) {
                        LOG.debug("the client was ended", e);
                    }
                    answered.complete(found);
                },
                "client-output");
        reader.setDaemon(true);
        reader.start();
        return answered;
    }

    /** @throws StoreException if the file is not a whole dump */
    private static void check(Path dump, String where) throws IOException {
        byte[] tail = new byte[0];
        try (InputStream in = new GZIPInputStream(Disk.read(dump), CHUNK)) {
            byte[] buffer = new byte[CHUNK];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                tail = DatabaseDump.tail(tail, buffer, n, TAIL);
            }
        } catch (ZipException | EOFException e) {
            throw broken(where, dump, "it is damaged or cut off (" + e.getMessage() + ")");
        }
        if (!DatabaseDump.lastLine(tail).startsWith(DatabaseDump.END)) {
            throw broken(where, dump, "its last line does not say \"" + DatabaseDump.END + "\"");
        }
    }

    private static StoreException broken(String where, Path dump, String why) {
        return new StoreException(
                where + "the dump " + dump + " is not whole: " + why + "; nothing was loaded, take another snapshot's",
                null,
                true);
    }

    /** What to do about a refusal that a person can mend, as a clause to add; empty if there is nothing to say. */
    private String remedy(String complaint, DatabaseAddress target) {
        if (complaint.contains("ERROR 1227") && owned) {
            return " (the dump has a statement that only an administrator may run, which is not tried out; do not give"
                    + " the user " + target.username() + " more rights, but look at the dump)";
        }
        if (complaint.contains("ERROR 1227")) {
            return " (the dump has a view, trigger or routine that belongs to another user: load it as that user or as"
                    + " an administrator, or let " + target.username()
                    + " do so with the right SET USER, in MySQL SET_USER_ID or SET_ANY_DEFINER, in old servers SUPER)";
        }
        if (complaint.contains("ERROR 1419")) {
            return " (the server writes a binary log: an administrator must load it, or set"
                    + " log_bin_trust_function_creators there)";
        }
        if (complaint.contains("ERROR 1153") || complaint.contains("ERROR 2006") || complaint.contains("ERROR 2013")) {
            return " (a row may be larger than the server's max_allowed_packet: set it to 1G there)";
        }
        if (complaint.contains("ERROR 1273") || complaint.contains("ERROR 1115")) {
            return " (the server is older than the store's, or of the other make: use one like the store's)";
        }
        return "";
    }

    /** Counts the bytes that are read. */
    private static final class Counting extends FilterInputStream {

        private long count;

        Counting(InputStream in) {
            super(new BufferedInputStream(in));
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            count += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int n = super.read(buffer, offset, length);
            count += Math.max(0, n);
            return n;
        }
    }
}
