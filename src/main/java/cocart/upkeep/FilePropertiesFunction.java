package cocart.upkeep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.camel.spi.PropertiesFunction;

/** Camel property function {@code {{file:PATH}}}: the content of a file, without the last line break; for secrets. */
final class FilePropertiesFunction implements PropertiesFunction {

    private final Path home;

    /** @param home what relative paths are relative to */
    FilePropertiesFunction(Path home) {
        this.home = home;
    }

    @Override
    public String getName() {
        return "file";
    }

    @Override
    public String apply(String path) {
        try {
            return Files.readString(home.resolve(path)).stripTrailing();
        } catch (IOException e) {
            throw new IllegalArgumentException("the file " + path + " cannot be read", e);
        }
    }
}
