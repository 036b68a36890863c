package cocart.upkeep.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** A disk of a few megabytes: a tmpfs that root mounts on Linux and that is gone afterwards. */
public final class SmallDisk implements AutoCloseable {

    private final Path mount;

    /**
     * Mounts it; skips the test, and says so, where that is not allowed.
     *
     * @param options of mount, such as {@code size=8m}
     */
    public SmallDisk(Path mount, String options) throws Exception {
        this.mount = Files.createDirectories(mount);
        Assumptions.assumeTrue(
                System.getProperty("os.name").equals("Linux")
                        && run("mount", "-t", "tmpfs", "-o", options, "tmpfs", mount.toString()) == 0,
                "skipped: a small tmpfs can be mounted by root on Linux only");
    }

    /** Makes room. */
    public void resize(String options) throws Exception {
        if (run("mount", "-o", "remount," + options, mount.toString()) != 0) {
            throw new IOException("cannot remount " + mount);
        }
    }

    private static int run(String... command) throws Exception {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1; // no such program
        }
    }

    @Override
    public void close() throws Exception {
        if (run("umount", mount.toString()) != 0 && run("umount", "-l", mount.toString()) != 0) {
            throw new IOException("cannot unmount " + mount);
        }
    }
}
