package cocart.upkeep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A step that a test puts into a copy of a route: where it stands, the process waits to be killed. */
public final class Pause {

    static final String MARKER = "cocart.test.pause";

    private Pause() {}

    /** Says that this point was reached and waits for ever; does nothing where no marker is named. */
    public static void here() throws IOException, InterruptedException {
        String marker = System.getProperty(MARKER);
        if (marker != null) {
            Files.createFile(Path.of(marker));
            Thread.sleep(Long.MAX_VALUE);
        }
    }
}
