package cocart.upkeep.store;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The name under which a file is written before it gets its place, the same on every kind of store: a run that was
 * killed leaves such files, and the next one that writes there knows and removes them.
 */
public final class TemporaryName {

    private static final Pattern OURS = Pattern.compile("\\..+\\.upkeep-[0-9a-f]{16}", Pattern.DOTALL);

    /** What is left of {@link FileNames#LONGEST} for the name beside what is put around it. */
    private static final int LONGEST = FileNames.LONGEST - ".".length() - ".upkeep-".length() - 16;

    private static final SecureRandom RANDOM = new SecureRandom();

    private TemporaryName() {}

    /** A new name in the same folder, {@code folder/.name.upkeep-RANDOM}. */
    public static String beside(String path) {
        int slash = path.lastIndexOf('/');
        String name = path.substring(slash + 1);
        while (name.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
            name = name.substring(0, name.offsetByCodePoints(name.length(), -1));
        }
        return path.substring(0, slash + 1) + String.format(Locale.ROOT, ".%s.upkeep-%016x", name, RANDOM.nextLong());
    }

    /** True if a file's name (not its path) is one of these. */
    public static boolean is(String name) {
        return OURS.matcher(name).matches();
    }
}
