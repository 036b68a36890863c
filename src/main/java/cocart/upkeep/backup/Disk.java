package cocart.upkeep.backup;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Private files and folders on the local disk: snapshots hold passwords, so nobody else may read them. */
final class Disk {

    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    private static final boolean WINDOWS =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
    private static final int SYNCING_THREADS = 4;
    private static final long LATEST_TIME = 253_402_300_799L; // end of the year 9999

    private static final FileAttribute<?>[] FOLDER = mode("rwx------");
    private static final FileAttribute<?>[] WRITABLE = mode("rw-------");
    private static final FileAttribute<?>[] READ_ONLY = mode("r--------");

    private Disk() {}

    private static FileAttribute<?>[] mode(String mode) {
        return POSIX
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    /** Creates a folder and its parents, mode 0700 where they are new. */
    static void createFolders(Path folder) throws IOException {
        Files.createDirectories(folder, FOLDER);
    }

    /** Creates one folder, mode 0700; it must not be there. */
    static void createFolder(Path folder) throws IOException {
        Files.createDirectory(folder, FOLDER);
    }

    /** Creates a file for writing, mode 0600; it must not be there. */
    static FileChannel create(Path file) throws IOException {
        return FileChannel.open(file, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), WRITABLE);
    }

    /** The same with mode 0400, for a file that only this channel ever writes. */
    static FileChannel createReadOnly(Path file) throws IOException {
        return FileChannel.open(file, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), READ_ONLY);
    }

    /** Mode 0400: a snapshot's file is shared by others and must not be changed by accident. */
    static void makeReadOnly(Path file) throws IOException {
        if (POSIX) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        }
    }

    /** Sets a time as far as disks know it; a server may tell any number and the manifest has it. */
    static void setTime(Path path, long seconds) throws IOException {
        Files.setLastModifiedTime(path, FileTime.from(Math.max(0, Math.min(seconds, LATEST_TIME)), TimeUnit.SECONDS));
    }

    /**
     * Opens a snapshot's file. Somebody may have put something else there: a link is not followed, and a pipe, which
     * would wait for ever for one who writes to it, is not opened.
     */
    static FileChannel open(Path file) throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!found.isRegularFile()) {
            throw new FileSystemException(file.toString(), null, "it is no plain file");
        }
        return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    /** Like {@link #open}. */
    static InputStream read(Path file) throws IOException {
        return Channels.newInputStream(open(file));
    }

    /** True if a plain file (not a link) of this size is there. */
    static boolean isFile(Path path, long size) throws IOException {
        try {
            BasicFileAttributes found =
                    Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return found.isRegularFile() && found.size() == size;
        } catch (NoSuchFileException e) {
            return false;
        } catch (FileSystemException e) {
            // A parent that is a file now (ENOTDIR): not there either.
            if (Files.isRegularFile(path.getParent())) {
                return false;
            }
            throw e;
        }
    }

    /** Removes a folder with everything below it; links are not followed. */
    static void remove(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /**
     * Waits until everything that was written to a folder's disk is on it: where the system can do that at once
     * (syncfs, by {@code sync -f} of Linux), else file by file.
     *
     * @param paths files and folders that were written
     */
    static void syncAll(Path folder, Collection<Path> paths) throws IOException {
        try {
            Process sync = new ProcessBuilder("sync", "-f", folder.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            sync.getOutputStream().close();
            if (sync.waitFor() == 0) {
                return;
            }
        } catch (IOException e) {
            // no such program here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the disk", e);
        }
        sync(paths);
    }

    /** Waits until files or folders are on the disk; several at a time, because journals commit in groups. */
    static void sync(Collection<Path> paths) throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(SYNCING_THREADS);
        try {
            List<Future<?>> results = new ArrayList<>();
            for (Path path : paths) {
                results.add(threads.submit(() -> {
                    sync(path);
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the disk", e);
        } finally {
            threads.shutdownNow();
        }
    }

    /** Waits until one file or folder is on the disk. */
    static void sync(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (AccessDeniedException e) {
            // Windows opens neither folders nor read-only files for this, and needs it less.
            if (!WINDOWS) {
                throw e;
            }
        }
    }

    /**
     * The sentence for a local disk that does not take what we write.
     *
     * @param more sentences to add, or nothing
     */
    static StoreException cannotWrite(String store, Path folder, IOException e, String more) {
        String where = e instanceof FileSystemException fs && fs.getFile() != null ? fs.getFile() : folder.toString();
        return new StoreException(
                "The backup of store " + store + " stopped because " + where + " could not be read or written ("
                        + Faults.words(e) + "; " + free(folder)
                        + "): make room or mend the folder that upkeep.backup.directory names." + more,
                e);
    }

    private static String free(Path folder) {
        for (Path at = folder.toAbsolutePath(); at != null; at = at.getParent()) {
            try {
                FileStore disk = Files.getFileStore(at);
                return "now " + disk.getUsableSpace() / (1024 * 1024) + " MB are free there";
            } catch (NoSuchFileException e) {
                continue; // not made yet: its parent is on the same disk
            } catch (IOException e) {
                return "free space unknown";
            }
        }
        return "free space unknown";
    }
}
