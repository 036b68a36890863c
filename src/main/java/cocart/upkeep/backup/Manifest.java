package cocart.upkeep.backup;

import cocart.upkeep.store.FileEntry;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code manifest.jsonl}: a {@link Header}, one {@link Line} for each entry and, when sealed, a {@link Footer}; each one
 * JSON object on a line. It is the truth about modes and times, because files that share content share an inode and so
 * have one mode and time on disk.
 */
final class Manifest {

    static final String NAME = "manifest.jsonl";

    private static final ObjectMapper JSON = new ObjectMapper();
    static final int LONGEST_FOOTER = 4096;
    private static final int SHA256_DIGITS = 64;

    private Manifest() {}

    /**
     * First line.
     *
     * @param begun seconds since 1970; what changed since may have changed again after it was read
     * @param skip patterns that were left out
     */
    @JsonPropertyOrder({"begun"})
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Header(long begun, String store, String id, List<String> skip) {}

    /**
     * One entry. A line with {@code error} is no part of the snapshot and its path must not be trusted.
     *
     * @param path relative to the snapshot's folder
     * @param type {@code file}, {@code folder}, {@code link} or {@code other}; links and others are only recorded here
     * @param size bytes
     * @param mtime seconds since 1970
     * @param mode octal, like {@code 0644}
     * @param sha256 of files, lower-case hex
     * @param target of links; null if unknown
     * @param raw bytes of the name in hex if they are not UTF-8
     * @param changed true if the file changed while it was read; left out otherwise
     * @param error why it could not be stored, one sentence
     */
    @JsonPropertyOrder({"path"})
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Line(
            @JsonProperty(required = true) String path,
            String type,
            long size,
            long mtime,
            String mode,
            @Nullable String sha256,
            @Nullable String target,
            @Nullable String raw,
            @Nullable Boolean changed,
            @Nullable String error) {

        static Line of(String path, FileEntry entry, @Nullable String sha256, @Nullable String error) {
            return new Line(
                    path,
                    entry.type().name().toLowerCase(Locale.ROOT),
                    entry.size(),
                    entry.mtime(),
                    octal(entry.mode()),
                    sha256,
                    entry.linkTarget(),
                    entry.rawPath(),
                    null,
                    error);
        }

        /** Four digits. */
        private static String octal(int mode) {
            return Integer.toOctalString(010000 | mode & 07777).substring(1);
        }

        /** A file whose content is in the snapshot. */
        static Line stored(String path, FileEntry entry, String sha256, boolean changed) {
            Line line = of(path, entry, sha256, null);
            return changed
                    ? new Line(
                            path,
                            line.type,
                            line.size,
                            line.mtime,
                            line.mode,
                            sha256,
                            line.target,
                            line.raw,
                            true,
                            null)
                    : line;
        }

        /** True for a file whose content is in the snapshot. */
        boolean isStored() {
            return sha256 != null && error == null;
        }
    }

    /**
     * Last line; a manifest without it is not sealed.
     *
     * @param sealed ISO 8601, UTC
     * @param partial entries with an error
     * @param lines sha256 of all bytes before this line
     */
    @JsonPropertyOrder({"sealed"})
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Footer(
            @JsonProperty(required = true) String sealed,
            long files,
            long bytes,
            long newBytes,
            long partial,
            String store,
            String id,
            String lines) {}

    /** Reads the footer alone. Throws an IOException that says why there is none. */
    static Footer footer(Path snapshot) throws IOException {
        Path file = snapshot.resolve(NAME);
        try (FileChannel channel = Disk.open(file)) {
            long from = Math.max(0, channel.size() - LONGEST_FOOTER);
            ByteBuffer tail = ByteBuffer.allocate((int) (channel.size() - from));
            while (tail.hasRemaining() && channel.read(tail, from + tail.position()) >= 0) {}
            String text = new String(tail.array(), 0, tail.position(), StandardCharsets.UTF_8);
            String last = text.stripTrailing();
            last = last.substring(last.lastIndexOf('\n') + 1);
            if (!text.endsWith("\n") || !ManifestLines.isFooter(last)) {
                throw new IOException("the last line of " + file + " is not that of a sealed snapshot");
            }
            return footer(last);
        } catch (JsonProcessingException e) {
            throw new IOException("the last line of " + file + " is not readable", e);
        }
    }

    /** Reads a footer from its line; it has all that makes it one. */
    static Footer footer(String text) throws JsonProcessingException {
        Footer footer = JSON.readValue(text, Footer.class);
        if (footer.sealed() == null
                || footer.store() == null
                || footer.id() == null
                || footer.lines() == null
                || footer.lines().length() != SHA256_DIGITS) {
            throw new JsonMappingException(null, "it lacks something");
        }
        return footer;
    }

    /** Reads an entry from its line; it has a path, and a type unless it has an error. */
    static Line line(String text) throws JsonProcessingException {
        Line line = JSON.readValue(text, Line.class);
        if (line == null || line.path() == null || (line.type() == null && line.error() == null)) {
            throw new JsonMappingException(null, "it has no path or type");
        }
        return line;
    }

    /**
     * What {@link #read} found around the lines.
     *
     * @param whole true if it is sealed and no byte of its lines has changed since
     */
    record Ends(@Nullable Header header, @Nullable Footer footer, boolean whole) {}

    /**
     * Reads all lines, one at a time.
     *
     * @param broken told of each line that is not whole or means nothing: a killed run leaves one at most
     */
    static Ends read(Path snapshot, Consumer<Line> each, Consumer<String> broken) throws IOException {
        Header header = null;
        Footer footer = null;
        try (ManifestLines lines = new ManifestLines(snapshot.resolve(NAME))) {
            for (String text = lines.next(); text != null; text = lines.next()) {
                try {
                    if (text.startsWith("{\"begun\":")) {
                        header = JSON.readValue(text, Header.class);
                    } else if (ManifestLines.isFooter(text)) {
                        footer = footer(text);
                    } else {
                        each.accept(line(text));
                    }
                } catch (JsonProcessingException e) {
                    broken.accept(text);
                }
            }
            return new Ends(header, footer, header != null && lines.isSealedBy(footer));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Writes line by line, for several threads; each is handed to the system at once, so that a killed run's lines can be read back. */
    static final class Writer implements Closeable {

        private final FileChannel channel;
        private final MessageDigest digest = Hashing.sha256();

        Writer(Path snapshot, Header header) throws IOException {
            channel = Disk.create(snapshot.resolve(NAME));
            write(header);
        }

        void add(Line line) throws IOException {
            write(line);
        }

        /** All lines' sha256 so far. */
        String digest() {
            return HexFormat.of().formatHex(digest.digest());
        }

        /** Writes the footer and waits until everything is on the disk. */
        void seal(Footer footer) throws IOException {
            write(footer);
            channel.force(true);
        }

        private void write(Object line) throws IOException {
            byte[] json = JSON.writeValueAsBytes(line);
            byte[] text = Arrays.copyOf(json, json.length + 1);
            text[json.length] = '\n';
            ByteBuffer bytes = ByteBuffer.wrap(text);
            synchronized (digest) {
                digest.update(text);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
