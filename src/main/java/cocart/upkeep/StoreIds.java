package cocart.upkeep;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** The ids of the stores in the settings of where it is installed, for the shell's completion; none if they are wrong. */
final class StoreIds implements Iterable<String> {

    @Override
    public Iterator<String> iterator() {
        try {
            Path home = Path.of(System.getProperty("upkeep.home", "")).toAbsolutePath();
            return List.copyOf(Settings.load(home, null).stores().keySet()).iterator();
        } catch (SettingsException e) {
            return List.<String>of().iterator();
        }
    }
}
