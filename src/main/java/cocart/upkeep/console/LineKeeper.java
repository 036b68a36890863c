package cocart.upkeep.console;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Stderr with a line at its end that is always the last: it is wiped before anything else is printed. */
final class LineKeeper extends PrintStream {

    private static final String WIPE = "\r\u001B[K";

    private final Kept kept;

    /** @param terminal stderr as it was */
    LineKeeper(PrintStream terminal) {
        this(new Kept(terminal));
    }

    private LineKeeper(Kept kept) {
        super(kept, true, StandardCharsets.UTF_8);
        this.kept = kept;
    }

    /** Draws the line, or another one in its place. */
    void draw(String line) {
        kept.draw(line);
    }

    /** Wipes it. */
    void clear() {
        kept.draw("");
    }

    /** Stderr as it was before; what is printed here all the same goes there. */
    PrintStream end() {
        flush();
        kept.draw("");
        return kept.terminal;
    }

    private static final class Kept extends OutputStream {

        private final PrintStream terminal;
        private String line = "";
        private boolean atStart = true;

        Kept(PrintStream terminal) {
            this.terminal = terminal;
        }

        synchronized void draw(String next) {
            if (atStart) {
                terminal.print((line.isEmpty() ? "" : WIPE) + next);
                terminal.flush();
            }
            line = next;
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            if (length == 0) {
                return;
            }
            if (atStart && !line.isEmpty()) {
                terminal.print(WIPE);
            }
            terminal.write(bytes, offset, length);
            atStart = bytes[offset + length - 1] == '\n';
            line = ""; // the bar draws it anew in a moment, or never if the program ends here
            terminal.flush();
        }
    }
}
