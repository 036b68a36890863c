package cocart.upkeep.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Writes to a store's files on this machine. */
final class LocalWrites {

    private static final long LATEST_TIME = 253_402_300_799L; // end of the year 9999

    private final String store;
    private final Function<String, Path> places;

    private final boolean contentMayBeLink;

    /**
     * @param places from a checked path to its place
     * @param contentMayBeLink wp-content itself may be a link to a folder, as shops have it
     */
    LocalWrites(String store, Function<String, Path> places, boolean contentMayBeLink) {
        this.contentMayBeLink = contentMayBeLink;
        this.store = store;
        this.places = places;
    }

    void write(String path, InputStream content, long mtime, int mode) throws IOException {
        Path target = places.apply(path);
        checkParents(path);
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(target, "written", "a folder lies in its place");
        }
        Path temporary = places.apply(TemporaryName.beside(path));
        Reading reading = new Reading(content);
        boolean done = false;
        try (FileChannel channel = FileChannel.open(
                temporary, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), mode(temporary, 0600))) {
            OutputStream out = Channels.newOutputStream(channel);
            reading.transferTo(out);
            change(temporary, mode);
            stamp(temporary, mtime);
            channel.force(true);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            done = true;
        } catch (IOException e) {
            if (reading.fault == e) {
                throw e;
            }
            throw fault(target, "written", e);
        } finally {
            if (!done) {
                Files.deleteIfExists(temporary);
            }
        }
    }

    void makeFolder(String path, int mode) {
        Path folder = places.apply(path);
        checkParents(path);
        try {
            Files.createDirectory(folder, mode(folder, 0700));
        } catch (FileAlreadyExistsException e) {
            if (!isFolder(path, folder)) {
                throw refused(folder, "made", "there is no folder but a file or link in its place");
            }
        } catch (IOException e) {
            throw fault(folder, "made", e);
        }
        finish(folder, mode, -1);
    }

    void finishFolder(String path, long mtime, int mode) {
        Path folder = places.apply(path);
        checkParents(path);
        if (!isFolder(path, folder)) {
            throw refused(folder, "changed", "it is no folder");
        }
        finish(folder, mode, mtime);
    }

    void delete(String path) {
        Path target = places.apply(path);
        checkParents(path);
        try {
            Files.deleteIfExists(target);
        } catch (DirectoryNotEmptyException e) {
            throw refused(target, "removed", "it is not empty");
        } catch (IOException e) {
            throw refused(target, "removed", Faults.words(e));
        }
    }

    private void finish(Path folder, int mode, long mtime) {
        try {
            change(folder, mode);
            if (mtime >= 0) {
                stamp(folder, mtime);
            }
        } catch (IOException e) {
            throw fault(folder, "changed", e);
        }
    }

    /** Links are never written through, except that a shop's wp-content itself may be one. */
    private void checkParents(String path) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            Path parent = places.apply(path.substring(0, slash));
            if (!isFolder(path.substring(0, slash), parent)) {
                throw refused(
                        places.apply(path),
                        "written",
                        parent
                                + (Files.isSymbolicLink(parent)
                                        ? " is a link, which is not followed"
                                        : " is no folder, or not there"));
            }
        }
    }

    private boolean isFolder(String path, Path place) {
        return contentMayBeLink && path.indexOf('/') < 0
                ? Files.isDirectory(place)
                : Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS);
    }

    private static void stamp(Path path, long mtime) throws IOException {
        FileTime time = FileTime.from(Math.max(0, Math.min(mtime, LATEST_TIME)), TimeUnit.SECONDS);
        Files.getFileAttributeView(path, BasicFileAttributeView.class).setTimes(time, null, null);
    }

    private static void change(Path path, int mode) throws IOException {
        if (isUnix(path)) {
            Files.setAttribute(path, "unix:mode", mode & 07777);
        }
    }

    private static FileAttribute<?>[] mode(Path path, int mode) {
        return isUnix(path)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString(mode == 0700 ? "rwx------" : "rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean isUnix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    /** A disk without room takes no other file either, so that is no fault of this one alone. */
    private StoreException fault(Path path, String what, IOException e) {
        return Faults.isFull(e, path)
                ? new DiskFull(
                        "store " + store + ": " + path + " cannot be " + what + ", because its disk is full ("
                                + Faults.words(e) + ")",
                        e)
                : refused(path, what, Faults.words(e));
    }

    private StoreException refused(Path path, String what, String reason) {
        return new StoreException("store " + store + ": " + path + " cannot be " + what + ": " + reason, null, true);
    }

    /** Tells a fault of the content from one of this disk. */
    private static final class Reading extends java.io.FilterInputStream {

        private @org.jspecify.annotations.Nullable IOException fault;

        Reading(InputStream content) {
            super(content);
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                return super.read(buffer, offset, length);
            } catch (IOException e) {
                fault = e;
                throw e;
            }
        }
    }
}
