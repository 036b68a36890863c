package cocart.upkeep.console;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The terminal behind stderr. Java itself only says whether stdin and stdout are one, both at once. */
public final class Terminal {

    private static final int STDERR = 2;
    private static final int WINDOW_SIZE = 0x5413; // TIOCGWINSZ of Linux
    private static final int USUAL_WIDTH = 80;
    private static final int LEAST_WIDTH = 40;

    private Terminal() {}

    private interface C extends Library {
        int isatty(int descriptor);

        int ioctl(int descriptor, NativeLong request, byte[] size);
    }

    /** True if stderr is a terminal that can go back in a line. */
    public static boolean isThere() {
        if ("dumb".equals(System.getenv("TERM"))) {
            return false;
        }
        try {
            return isDevice()
                    && !Platform.isWindows()
                    && Native.load("c", C.class).isatty(STDERR) == 1;
        } catch (LinkageError e) {
            return false; // no place to unpack JNA's own library to, for example
        }
    }

    /** False if stderr is known to be a file or a pipe: then the library that asks the system need not be loaded. */
    private static boolean isDevice() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd", String.valueOf(STDERR)))
                    .startsWith("/dev");
        } catch (IOException e) {
            return true; // no Linux
        }
    }

    /** Its width in characters. */
    static int width() {
        if (Platform.isLinux()) {
            byte[] size = new byte[8];
            if (Native.load("c", C.class).ioctl(STDERR, new NativeLong(WINDOW_SIZE), size) == 0) {
                int width = java.nio.ByteBuffer.wrap(size)
                        .order(java.nio.ByteOrder.nativeOrder())
                        .getShort(2);
                return width == 0 ? USUAL_WIDTH : Math.max(LEAST_WIDTH, width);
            }
        }
        return USUAL_WIDTH;
    }
}
