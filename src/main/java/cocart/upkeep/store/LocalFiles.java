package cocart.upkeep.store;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A store's files on this machine. */
final class LocalFiles implements StoreFiles {

    private static final int DEEPEST = 64;

    private final String store;
    private final Path root;
    private final LocalWrites writes;

    /** @param contentMayBeLink files are also written below a wp-content that is a link */
    LocalFiles(String store, Path root, boolean contentMayBeLink) {
        this.store = store;
        this.root = root;
        this.writes = new LocalWrites(store, this::at, contentMayBeLink);
    }

    /** @throws StoreException (permanent) if the root is no folder */
    static LocalFiles of(String store, Path root) {
        if (!Files.isDirectory(root)) {
            throw new StoreException(
                    "store " + store + ": there is no folder " + root + "; check upkeep.store." + store + ".files",
                    null,
                    true);
        }
        return new LocalFiles(store, root, true);
    }

    @Override
    public Optional<List<FileEntry>> list(String folder) {
        List<FileEntry> entries = new ArrayList<>();
        try (DirectoryStream<Path> names = Files.newDirectoryStream(at(folder))) {
            for (Path path : names) {
                String name = name(path);
                if (FileNames.isPlain(name)) {
                    entries.add(entry(path, name));
                }
            }
            return Optional.of(entries);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw fault(folder, e);
        }
    }

    @Override
    public Optional<FileEntry> stat(String path) {
        try {
            return Optional.of(entry(at(path), path));
        } catch (IOException e) {
            return missing(path, e);
        }
    }

    @Override
    public Optional<byte[]> read(String path, int limit) {
        if (Files.exists(at(path)) && !Files.isRegularFile(at(path))) {
            throw new StoreException(
                    "store " + store + ": " + root.resolve(path) + " is no regular file and is not read", null);
        }
        try (InputStream in = Channels.newInputStream(PlainFile.open(at(path)))) {
            return Optional.of(in.readNBytes(limit));
        } catch (IOException e) {
            return missing(path, e);
        }
    }

    @Override
    public void walk(String folder, Visitor visitor) {
        if (!Files.isDirectory(at(folder))) {
            throw new StoreException("store " + store + ": there is no folder " + at(folder), null);
        }
        try {
            walk(at(folder), "", 0, visitor);
        } catch (IOException e) {
            throw fault(folder, e);
        }
    }

    private void walk(Path folder, String prefix, int depth, Visitor visitor) throws IOException {
        List<Path> paths = new ArrayList<>();
        try (DirectoryStream<Path> names = Files.newDirectoryStream(folder)) {
            names.forEach(paths::add);
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            visitor.failed(
                    new FileEntry(prefix.isEmpty() ? "." : prefix, FileEntry.Type.FOLDER, 0, 0, 0, null, null),
                    "the folder cannot be listed: " + e.getMessage());
            return;
        }
        paths.sort(Comparator.naturalOrder());
        for (Path path : paths) {
            String name = name(path);
            String relative = prefix.isEmpty() ? name : prefix + "/" + name;
            FileEntry entry;
            try {
                entry = entry(path, relative);
            } catch (IOException e) {
                visitor.failed(
                        new FileEntry(relative, FileEntry.Type.OTHER, 0, 0, 0, null, null),
                        "it went away: " + Faults.words(e));
                continue;
            }
            if (!FileNames.isPlain(name)) {
                visitor.failed(entry, FileNames.refusal(PlainText.brief(name, 77)));
            } else if (!name.equals(path.getFileName().toString())
                    && Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                visitor.failed(
                        new FileEntry(relative + " (not UTF-8)", entry.type(), 0, 0, 0, null, null),
                        SftpFiles.Name.ALIKE);
            } else if (visitor.found(entry)) {
                if (entry.type() == FileEntry.Type.FOLDER) {
                    if (depth >= DEEPEST) {
                        visitor.failed(entry, "folders are nested deeper than " + DEEPEST);
                    } else {
                        walk(path, relative, depth + 1, visitor);
                    }
                } else if (entry.type() == FileEntry.Type.FILE) {
                    copy(path, entry, visitor);
                }
            }
        }
    }

    private static void copy(Path path, FileEntry entry, Visitor visitor) throws IOException {
        InputStream in;
        try {
            in = Channels.newInputStream(PlainFile.open(path, LinkOption.NOFOLLOW_LINKS));
        } catch (IOException e) {
            visitor.failed(entry, "it cannot be read: " + Faults.words(e));
            return;
        }
        try (in) {
            OutputStream out = visitor.open(entry);
            byte[] buffer = new byte[1 << 16];
            long left = entry.size();
            while (left > 0) {
                int n;
                try {
                    n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                } catch (IOException e) {
                    // It became a folder meanwhile, or the disk cannot read it: its own fault, not that of the walk.
                    visitor.failed(entry, "it cannot be read: " + Faults.words(e));
                    return;
                }
                if (n < 0) {
                    visitor.failed(entry, "it ended after " + (entry.size() - left) + " of " + entry.size() + " bytes");
                    return;
                }
                out.write(buffer, 0, n);
                left -= n;
            }
            out.close();
        }
    }

    private FileEntry entry(Path path, String relative) throws IOException {
        BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        int mode = 0644;
        if (Files.getFileStore(root).supportsFileAttributeView("unix")) {
            Map<String, Object> unix = Files.readAttributes(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            mode = ((Integer) unix.get("mode")) & 07777;
        }
        FileEntry.Type type = basic.isRegularFile()
                ? FileEntry.Type.FILE
                : basic.isDirectory()
                        ? FileEntry.Type.FOLDER
                        : basic.isSymbolicLink() ? FileEntry.Type.LINK : FileEntry.Type.OTHER;
        FileTime changed = basic.lastModifiedTime();
        return new FileEntry(
                relative,
                type,
                type == FileEntry.Type.FILE ? basic.size() : 0,
                changed.to(TimeUnit.SECONDS),
                mode,
                type == FileEntry.Type.LINK ? Files.readSymbolicLink(path).toString() : null,
                raw(path));
    }

    private Path at(String path) {
        Path found = root;
        for (String part : path.isEmpty() ? new String[0] : path.split("/", -1)) {
            if (!FileNames.isPlain(part)) {
                throw new StoreException("store " + store + ": the path '" + path + "' cannot be used", null, true);
            }
            found = child(found, part);
        }
        return found;
    }

    /** Java has no way to a file whose name is not UTF-8 but by its URI. */
    private static Path child(Path folder, String name) {
        if (!RawNames.isRaw(name)) {
            return folder.resolve(name);
        }
        StringBuilder uri = new StringBuilder(folder.toAbsolutePath().toUri().toString());
        if (uri.charAt(uri.length() - 1) != '/') {
            uri.append('/');
        }
        for (byte b : RawNames.bytes(name)) {
            uri.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
        }
        return Path.of(URI.create(uri.toString()));
    }

    /** The path's bytes in hex if they are not UTF-8, else null; Java shows U+FFFD where it cannot decode. */
    private static @Nullable String raw(Path path) {
        if (path.toString().indexOf('\uFFFD') < 0) {
            return null;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String uri = path.toUri().getRawPath();
        uri = uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri; // a folder's
        for (int i = 0; i < uri.length(); i++) {
            boolean escaped = uri.charAt(i) == '%';
            bytes.write(escaped ? HexFormat.fromHexDigits(uri, i + 1, i + 3) : uri.charAt(i));
            i += escaped ? 2 : 0;
        }
        return SftpFiles.Name.of(bytes.toByteArray()).isUtf8() ? null : SftpFiles.hex(bytes.toByteArray());
    }

    /** A name as text, with %XX for bytes that are not UTF-8, as over SFTP. */
    private static String name(Path path) {
        String raw = raw(path);
        if (raw == null) {
            return path.getFileName().toString();
        }
        byte[] bytes = HexFormat.of().parseHex(raw);
        int start = bytes.length;
        while (start > 0 && bytes[start - 1] != '/') {
            start--;
        }
        return SftpFiles.Name.of(Arrays.copyOfRange(bytes, start, bytes.length)).text();
    }

    /** Empty if nothing is there, also because a parent is a file (ENOTDIR); anything else is a fault. */
    private <T> Optional<T> missing(String path, IOException e) {
        boolean nothing = e instanceof NoSuchFileException;
        for (Path parent = at(path).getParent(); parent != null && !nothing; parent = parent.getParent()) {
            nothing = Files.isRegularFile(parent);
        }
        if (nothing) {
            return Optional.empty();
        }
        throw fault(path, e);
    }

    private StoreException fault(String path, IOException e) {
        return new StoreException(
                "store " + store + ": " + root.resolve(path) + " cannot be read: " + Faults.words(e), e);
    }

    @Override
    public void write(String path, InputStream content, long mtime, int mode) throws IOException {
        writes.write(path, content, mtime, mode);
    }

    @Override
    public void makeFolder(String path, int mode) {
        writes.makeFolder(path, mode);
    }

    @Override
    public void finishFolder(String path, long mtime, int mode) {
        writes.finishFolder(path, mtime, mode);
    }

    @Override
    public void delete(String path) {
        writes.delete(path);
    }

    @Override
    public void close() {
        // nothing is kept open
    }
}
