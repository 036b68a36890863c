package cocart.upkeep.store;

import cocart.upkeep.store.FileEntry.Type;
import cocart.upkeep.store.FtpListing.Listed;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A store's files behind an FTP or FTPS server. The server is not trusted with names, sizes or the end of anything. */
final class FtpFiles implements StoreFiles {

    private final String store;
    private final FtpAccess access;
    private final String path;
    private final int connections;
    private final FtpConnection connection;
    private final FtpUpload upload;

    /** Paths that were seen to be folders and no links. */
    private final Set<String> folders = new HashSet<>();

    private final String root;

    /**
     * @param path WordPress root: absolute on the server, or {@code /~/…} below the login folder
     * @param connections most connections for a walk, at least 1
     */
    FtpFiles(String store, FtpAccess access, String path, int connections) {
        this.store = store;
        this.access = access;
        this.path = path;
        this.connections = connections;
        this.connection = new FtpConnection(store, access);
        this.upload = new FtpUpload(store, connection);
        try {
            root = ask("", this::findRoot);
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private interface Question<T> {
        T ask() throws FtpLost, FtpRefused;
    }

    /** Asks again once when the server has closed the connection in the meantime, as it does with idle ones. */
    private <T> T ask(String about, Question<T> question) {
        try {
            try {
                return question.ask();
            } catch (FtpLost e) {
                return question.ask();
            }
        } catch (FtpLost e) {
            throw FtpFaults.lost(store, e);
        } catch (FtpRefused e) {
            throw new StoreException(
                    "store " + store + ": " + join(this.path, about) + " cannot be read: " + e.getMessage(), e);
        }
    }

    private String findRoot() throws FtpLost, FtpRefused {
        boolean below = path.equals("/~") || path.startsWith("/~/");
        String asked = access.names().bytes(store, below ? path.substring(2) : path);
        String found = (below ? connection.loginFolder() : "") + asked;
        found = found.replaceAll("/+", "/").replaceFirst("(?<=.)/$", "");
        if (!connection.enter(found)) {
            throw new StoreException(
                    "store " + store + ": there is no folder " + path + " on the server; upkeep.store." + store
                            + ".files must end with the WordPress root (/~/… is below the login folder)",
                    null,
                    true);
        }
        return found;
    }

    @Override
    public Optional<List<FileEntry>> list(String folder) {
        String at = at(folder);
        return ask(folder, () -> {
            if (!connection.enter(at)) {
                return Optional.empty();
            }
            List<Listed> names = new ArrayList<>();
            connection.list(at, names::add);
            List<FileEntry> entries = new ArrayList<>();
            for (Listed listed : names) {
                SftpFiles.Name name = access.names().name(listed.name());
                if (FileNames.isPlain(name.text())) {
                    String raw = name.isUtf8() ? null : SftpFiles.hex(name.bytes());
                    entries.add(entry(listed, join(at, listed.name()), name.text(), raw));
                }
            }
            return Optional.of(entries);
        });
    }

    @Override
    public Optional<FileEntry> stat(String path) {
        String at = at(path);
        return ask(path, () -> {
            if (path.isEmpty()) {
                return Optional.of(new FileEntry("", Type.FOLDER, 0, 0, 0755, null, null));
            }
            Optional<Listed> found = connection.stat(at);
            return found.isEmpty() ? Optional.empty() : Optional.of(entry(found.get(), at, path, null));
        });
    }

    private FileEntry entry(Listed listed, String at, String path, @org.jspecify.annotations.Nullable String raw)
            throws FtpLost {
        return new FileEntry(
                path,
                listed.type(),
                Math.max(0, listed.size()),
                connection.mtime(listed, at),
                listed.mode(),
                listed.target() == null
                        ? null
                        : access.names().name(listed.target()).text(),
                raw);
    }

    @Override
    public Optional<byte[]> read(String path, int limit) {
        String at = at(path);
        return ask(path, () -> {
            try (FtpTransfer transfer = connection.read(at, 0)) {
                byte[] content = new byte[Math.min(limit, 1 << 16)];
                byte[] buffer = new byte[1 << 13];
                int length = 0;
                while (length < limit) {
                    int count = transfer.read(buffer, Math.min(buffer.length, limit - length));
                    if (count < 0) {
                        transfer.finish();
                        break;
                    }
                    if (length + count > content.length) {
                        content = Arrays.copyOf(content, (int) Math.min(limit, 2L * content.length));
                    }
                    System.arraycopy(buffer, 0, content, length, count);
                    length += count;
                }
                return Optional.of(Arrays.copyOf(content, length));
            } catch (FtpRefused e) {
                if (e.isDenied() || e.code < 500 || connection.stat(at).isPresent()) {
                    throw e;
                }
                return Optional.empty();
            }
        });
    }

    @Override
    public void walk(String folder, Visitor visitor) {
        String at = at(folder);
        if (!ask(folder, () -> connection.enter(at))) {
            throw new StoreException("store " + store + ": there is no folder " + join(this.path, folder), null);
        }
        new FtpWalk(store, access, visitor, connections).run(connection, at);
    }

    @Override
    public void write(String path, InputStream content, long mtime, int mode) throws IOException {
        checkParents(path);
        upload.write(at(path), join(this.path, path), content, mtime, mode);
    }

    @Override
    public void makeFolder(String path, int mode) {
        checkParents(path);
        upload.makeFolder(at(path), join(this.path, path), mode);
        folders.add(path);
    }

    @Override
    public void delete(String path) {
        checkParents(path);
        folders.remove(path);
        upload.delete(at(path), join(this.path, path));
    }

    /** Nothing is written through a link; wp-content itself may be one and counts as a folder. */
    private void checkParents(String path) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            String parent = path.substring(0, slash);
            if (parent.indexOf('/') >= 0 && !folders.contains(parent)) {
                if (stat(parent).map(FileEntry::type).orElse(FileEntry.Type.OTHER) != FileEntry.Type.FOLDER) {
                    throw new StoreException(
                            "store " + store + ": " + join(this.path, path) + " cannot be written: " + parent
                                    + " is no folder, or a link",
                            null,
                            true);
                }
                folders.add(parent);
            }
        }
    }

    @Override
    public void close() {
        connection.close();
    }

    private String at(String path) {
        String whole = root;
        for (String part : path.isEmpty() ? new String[0] : path.split("/", -1)) {
            if (!FileNames.isPlain(part)) {
                throw new StoreException("store " + store + ": the path '" + path + "' cannot be used", null, true);
            }
            whole = join(whole, access.names().bytes(store, part));
        }
        return whole;
    }

    private static String join(String folder, String name) {
        return folder.endsWith("/") ? folder + name : folder + "/" + name;
    }
}
