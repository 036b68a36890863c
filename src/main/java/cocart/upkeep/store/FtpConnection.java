package cocart.upkeep.store;

import cocart.upkeep.store.FtpListing.Listed;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
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

    private record Session(FTPClient client, FtpClients.Data data) {}

    private final String store;
    private final FtpAccess access;
    private final FtpTimes times;
    private volatile @Nullable Session session;
    private volatile @Nullable Socket dataSocket;
    private boolean mlst;
    private @Nullable FTPFileEntryParser parser;
    private boolean listHidden = true;

    FtpConnection(String store, FtpAccess access) {
        this.store = store;
        this.access = access;
        this.times = new FtpTimes(this, access);
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
            times.canAsk(client.hasFeature("MDTM"));
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

    /** The folder that the login leads to. */
    String loginFolder() throws FtpLost, FtpRefused {
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
    boolean enter(String folder) throws FtpLost, FtpRefused {
        int code = command("CWD", folder);
        if (FTPReply.isPositiveCompletion(code)) {
            return true;
        }
        FtpRefused refused = refused();
        if (refused.isDenied() || code < 500) {
            throw refused;
        }
        return false;
    }

    /** What is at a path (a link is a link); empty if there is nothing. */
    Optional<Listed> stat(String path) throws FtpLost, FtpRefused {
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
                throw new FtpRefused(code, "its answer to MLST says nothing");
            }
            FtpRefused refused = refused();
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
    String list(String folder, Consumer<Listed> each) throws FtpLost, FtpRefused {
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

    private FtpTransfer listing(String folder) throws FtpLost, FtpRefused {
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
        } catch (FtpRefused e) {
            if (!listHidden || e.code < 500) {
                throw e;
            }
            listHidden = false;
            return open("LIST", null);
        }
    }

    /** When a file changed, in seconds since 1970; see {@link FtpTimes}. */
    long mtime(Listed listed, String path) throws FtpLost {
        return times.of(listed, path);
    }

    /** A file's size in bytes; -1 if it is not there. */
    long size(String path) throws FtpLost, FtpRefused {
        String reply = command("SIZE", path) == 213 ? replyText() : "";
        return reply.matches("[0-9]{1,18}")
                ? Long.parseLong(reply)
                : stat(path).map(Listed::size).orElse(-1L);
    }

    /** Starts to read a file from a byte on. */
    FtpTransfer read(String path, long offset) throws FtpLost, FtpRefused {
        FTPClient client = client();
        client.setRestartOffset(offset);
        try {
            return open("RETR", path);
        } finally {
            client.setRestartOffset(0);
        }
    }

    FtpTransfer write(String path) throws FtpLost, FtpRefused {
        return open("STOR", path);
    }

    /** Sends a command; its reply is a success or {@link FtpRefused}. */
    void order(String command, String argument) throws FtpLost, FtpRefused {
        int code = command(command, argument);
        if (!FTPReply.isPositiveCompletion(code) && !FTPReply.isPositiveIntermediate(code)) {
            throw refused();
        }
    }

    /** The last reply without its code. */
    String replyText() throws FtpLost {
        String reply = client().getReplyString();
        return reply == null ? "" : reply.replaceFirst("^[0-9]{3}[ -]?", "").strip();
    }

    int command(String command, @Nullable String argument) throws FtpLost {
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

    private FtpTransfer open(String command, @Nullable String argument) throws FtpLost, FtpRefused {
        Session current = current();
        sendable(argument);
        Socket socket;
        try {
            socket = current.data().open(command, argument);
        } catch (IOException e) {
            drop();
            throw new FtpLost(FtpFaults.noData(access, e), e);
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

    FtpRefused refused() {
        Session current = session;
        return current == null
                ? new FtpRefused(0, "")
                : new FtpRefused(
                        current.client().getReplyCode(),
                        FtpFaults.words(current.client().getReplyString()));
    }

    /** A data connection was closed in order. */
    void ended() {
        dataSocket = null;
    }

    /** Drops the connection, and says what of it can be said. */
    FtpLost lost(IOException e) {
        drop();
        return new FtpLost(
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
