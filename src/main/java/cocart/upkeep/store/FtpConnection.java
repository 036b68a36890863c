package cocart.upkeep.store;

import cocart.upkeep.store.FtpListing.Listed;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.camel.component.file.GenericFileOperationFailedException;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPFileEntryParser;
import org.apache.commons.net.ftp.FTPReply;
import org.jspecify.annotations.Nullable;

/**
 * One control connection that camel-ftp's operations open by the endpoint's options, and the commands that a store's
 * files need. It connects when it is first used and again after it was lost. Paths are absolute and in the server's
 * bytes, one in each char. For one thread at a time; only {@link #drop} may be called by another.
 */
final class FtpConnection implements AutoCloseable {

    /** What many servers take for a pattern in the argument of a listing. */
    private static final Pattern PATTERN = Pattern.compile("[*?\\[\\]{}~ ]");

    /** What names that wait may take of memory, in bytes. */
    static final long MOST_HELD = Runtime.getRuntime().maxMemory() / 4;

    /** How far clocks of two time zones are apart, and a bit more, in seconds. */
    private static final long ZONES = 26 * 3600;

    /** The furthest zone behind UTC, in seconds. */
    private static final long FURTHEST = 12 * 3600;

    /** The connection is gone, or the server silent: all of it may work on a new one. */
    static final class Lost extends Exception {

        Lost(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The server said no; the message is what it said. */
    static final class Refused extends Exception {

        final int code;

        Refused(int code, String message) {
            super(message);
            this.code = code;
        }

        boolean isDenied() {
            String words = getMessage().toLowerCase(Locale.ROOT);
            return words.contains("denied") || words.contains("permi") || words.contains("not allowed");
        }

        /** True if the server does not know the command. */
        boolean isUnknown() {
            return code >= 500 && code <= 504;
        }
    }

    private record Session(FTPClient client, FtpClients.Data data) {}

    private final String store;
    private final FtpAccess access;
    private volatile @Nullable Session session;
    private volatile @Nullable Socket dataSocket;
    private boolean mlst;
    private boolean mdtm;
    private @Nullable FTPFileEntryParser parser;
    private boolean listHidden = true;

    FtpConnection(String store, FtpAccess access) {
        this.store = store;
        this.access = access;
    }

    /** @throws StoreException if the server cannot be reached or entered */
    void connect() {
        if (session != null) {
            return;
        }
        FTPClient client = access.newClient();
        try {
            access.operations(client).connect(access.configuration(), null);
            Session opened = new Session(client, (FtpClients.Data) client);
            mlst = client.hasFeature("MLST");
            mdtm = client.hasFeature("MDTM");
            if (access.names().isUtf8() && client.hasFeature("UTF8")) {
                client.sendCommand("OPTS", "UTF8 ON");
            }
            parser = mlst ? null : access.parser(client.sendCommand("SYST") == 215 ? client.getReplyString() : "");
            session = opened;
        } catch (GenericFileOperationFailedException | IOException e) {
            StoreException explained = FtpFaults.noConnection(store, access, client, e);
            close(client);
            throw explained;
        }
    }

    /** True if the server tells exact times and types. */
    boolean isExact() {
        return mlst;
    }

    boolean has(String feature) throws Lost {
        try {
            return client().hasFeature(feature);
        } catch (IOException e) {
            throw lost(e);
        }
    }

    /** The folder that the login leads to. */
    String loginFolder() throws Lost, Refused {
        try {
            String folder = client().printWorkingDirectory();
            if (folder == null || !folder.startsWith("/")) {
                throw refused();
            }
            return folder;
        } catch (IOException e) {
            throw lost(e);
        }
    }

    /** Changes to a folder, also through a link; false if there is none. */
    boolean enter(String folder) throws Lost, Refused {
        int code = command("CWD", folder);
        if (FTPReply.isPositiveCompletion(code)) {
            return true;
        }
        Refused refused = refused();
        if (refused.isDenied() || code < 500) {
            throw refused;
        }
        return false;
    }

    /** What is at a path (a link is a link); empty if there is nothing. */
    Optional<Listed> stat(String path) throws Lost, Refused {
        if (mlst) {
            int code = command("MLST", path);
            if (FTPReply.isPositiveCompletion(code)) {
                for (String line : client().getReplyStrings()) {
                    // some servers leave out the space at the beginning
                    Listed listed = FtpListing.facts(line.startsWith(" ") ? line.substring(1) : line);
                    if (listed != null && !line.startsWith("250")) {
                        return Optional.of(listed);
                    }
                }
                throw new Refused(code, "its answer to MLST says nothing");
            }
            Refused refused = refused();
            if (refused.isDenied() || code < 500) {
                throw refused;
            }
            return Optional.empty();
        }
        sendable(path);
        int slash = path.lastIndexOf('/');
        String name = path.substring(slash + 1);
        Listed[] found = new Listed[1];
        if (name.isEmpty() || !enter(slash == 0 ? "/" : path.substring(0, slash))) {
            return Optional.empty();
        }
        list(path.substring(0, Math.max(1, slash)), listed -> {
            if (listed.name().equals(name)) {
                found[0] = listed;
            }
        });
        return Optional.ofNullable(found[0]);
    }

    /**
     * Lists a folder that is there; {@code .} and {@code ..} are left out.
     *
     * @return the first line that is not understood; null if all are
     */
    @Nullable
    String list(String folder, Consumer<Listed> each) throws Lost, Refused {
        String odd = null;
        long held = 0;
        try (FtpTransfer transfer = listing(folder)) {
            for (String line = transfer.line(); line != null; line = transfer.line()) {
                FTPFileEntryParser lines = parser;
                Listed listed = lines == null ? FtpListing.facts(line) : FtpListing.list(lines, line);
                held += listed == null ? 1 : listed.weight();
                if (held > MOST_HELD) {
                    throw FtpFaults.tooManyNames(
                            store, access.names().name(folder).shown());
                }
                if (listed != null) {
                    if (!listed.isSelfOrParent()) {
                        each.accept(listed);
                    }
                } else if (odd == null && !line.isBlank() && !line.matches("(?i)total\\s+[0-9]+.*")) {
                    odd = line;
                }
            }
            transfer.finish();
        }
        return odd;
    }

    private FtpTransfer listing(String folder) throws Lost, Refused {
        if (mlst && !PATTERN.matcher(folder).find()) {
            return open("MLSD", folder);
        }
        if (!enter(folder)) {
            throw refused();
        }
        if (mlst) {
            return open("MLSD", null);
        }
        try {
            return open("LIST", listHidden ? "-a" : null);
        } catch (Refused e) {
            if (!listHidden || e.code < 500) {
                throw e;
            }
            listHidden = false;
            return open("LIST", null);
        }
    }

    /**
     * When a file changed, in seconds since 1970. A listing by LIST is exact to a minute at most and in a time zone
     * that nobody tells, so for a file that may have changed in the last day the server is asked (MDTM). Where it
     * cannot answer, this is the last second at which it can have been: a change within that minute after a backup
     * began is then never taken for the one that the backup has.
     */
    long mtime(Listed listed, String path) throws Lost {
        if (listed.precision() == 1) {
            return listed.mtime();
        }
        long now = Instant.now().getEpochSecond();
        boolean recent = listed.precision() == 0 || listed.mtime() + ZONES > now;
        if (recent && mdtm && listed.type() == FileEntry.Type.FILE) {
            int code = command("MDTM", path);
            long exact = code == 213 ? FtpListing.seconds(replyText()) : -1;
            if (exact >= 0) {
                return exact;
            }
            mdtm = code / 100 == 2 || code == 550;
        }
        if (listed.precision() == 0) {
            return listed.type() == FileEntry.Type.FILE ? now : 0;
        }
        return mdtm || access.knowsZone() ? listed.mtime() : listed.mtime() + FURTHEST;
    }

    /** A file's size in bytes; -1 if it is not there. */
    long size(String path) throws Lost, Refused {
        String reply = command("SIZE", path) == 213 ? replyText() : "";
        return reply.matches("[0-9]{1,18}")
                ? Long.parseLong(reply)
                : stat(path).map(Listed::size).orElse(-1L);
    }

    /** Starts to read a file from a byte on. */
    FtpTransfer read(String path, long offset) throws Lost, Refused {
        FTPClient client = client();
        client.setRestartOffset(offset);
        try {
            return open("RETR", path);
        } finally {
            client.setRestartOffset(0);
        }
    }

    FtpTransfer write(String path) throws Lost, Refused {
        return open("STOR", path);
    }

    /** Sends a command; its reply is a success or {@link Refused}. */
    void order(String command, String argument) throws Lost, Refused {
        int code = command(command, argument);
        if (!FTPReply.isPositiveCompletion(code) && !FTPReply.isPositiveIntermediate(code)) {
            throw refused();
        }
    }

    /** The last reply without its code. */
    String replyText() throws Lost {
        String reply = client().getReplyString();
        return reply == null ? "" : reply.replaceFirst("^[0-9]{3}[ -]?", "").strip();
    }

    private int command(String command, @Nullable String argument) throws Lost {
        try {
            return client().sendCommand(command, sendable(argument));
        } catch (IOException e) {
            throw lost(e);
        }
    }

    private @Nullable String sendable(@Nullable String argument) {
        if (argument != null && (argument.indexOf('\n') >= 0 || argument.indexOf('\r') >= 0)) {
            throw new StoreException(
                    "store " + store + ": '" + argument.strip()
                            + "' has a line break in its name, which FTP cannot say",
                    null,
                    true);
        }
        return argument;
    }

    private FtpTransfer open(String command, @Nullable String argument) throws Lost, Refused {
        Session current = current();
        sendable(argument);
        Socket socket;
        try {
            socket = current.data().open(command, argument);
        } catch (IOException e) {
            drop();
            throw new Lost(FtpFaults.noData(access, e), e);
        }
        if (socket == null) {
            throw refused();
        }
        dataSocket = socket;
        return new FtpTransfer(this, current.client(), current.data(), socket);
    }

    private Session current() {
        connect();
        Session current = session;
        if (current == null) {
            throw new IllegalStateException("connected");
        }
        return current;
    }

    private FTPClient client() {
        return current().client();
    }

    Refused refused() {
        Session current = session;
        return current == null
                ? new Refused(0, "")
                : new Refused(
                        current.client().getReplyCode(),
                        FtpFaults.words(current.client().getReplyString()));
    }

    /** A data connection was closed in order. */
    void ended() {
        dataSocket = null;
    }

    /** Drops the connection, and says what of it can be said. */
    Lost lost(IOException e) {
        drop();
        return new Lost(
                e instanceof SocketTimeoutException
                        ? "the FTP server has not answered for " + Math.max(1, access.idleMillis() / 1000) + " s"
                        : "the connection to the FTP server was lost",
                e);
    }

    /**
     * Closes without a word; the next command connects anew. Called by another thread it ends, with any exception, what
     * this one waits for.
     */
    void drop() {
        Session current = session;
        session = null;
        Socket data = dataSocket;
        dataSocket = null;
        try {
            if (data != null) {
                data.close();
            }
        } catch (IOException e) {
            // it is closed all the same
        }
        if (current != null) {
            close(current.client());
        }
    }

    private static void close(FTPClient client) {
        try {
            client.disconnect();
        } catch (IOException e) {
            // it is closed all the same
        }
    }

    @Override
    public void close() {
        Session current = session;
        if (current != null) {
            try {
                current.client().quit();
            } catch (IOException e) {
                // it has gone before us
            }
        }
        drop();
    }
}
