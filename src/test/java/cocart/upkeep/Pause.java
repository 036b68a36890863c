package cocart.upkeep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A step that a test puts into a copy of a route: where it stands, the process waits to be killed. */
public final class Pause {

    static final String MARKER = "cocart.test.pause";

    /** Set where it goes on once the marker is deleted. */
    static final String GO_ON = "cocart.test.pause.go-on";

    private static volatile boolean reached;

    private Pause() {}

    /**
     * Says that this point was reached and waits for ever, or the first time until the marker is deleted; does nothing
     * where no marker is named.
     */
    public static void here() throws IOException, InterruptedException {
        String marker = System.getProperty(MARKER);
        if (marker != null && !reached) {
            reached = true;
            Files.createFile(Path.of(marker));
            while (!Boolean.getBoolean(GO_ON) || Files.exists(Path.of(marker))) {
                Thread.sleep(20);
            }
        }
    }
}
