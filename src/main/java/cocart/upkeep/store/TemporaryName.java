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

    /** As narrow as what is written, for files of such a name are removed: a store may have its own {@code .upkeep-1}. */
    private static final Pattern OURS = Pattern.compile("\\..+\\.upkeep-[0-9a-f]{16}", Pattern.DOTALL);

    /** What is left of {@link FileNames#LONGEST} for the name beside what is put around it. */
    private static final int LONGEST = FileNames.LONGEST - ".".length() - ".upkeep-".length() - 16;

    private static final SecureRandom RANDOM = new SecureRandom();

    private TemporaryName() {}

    /** A new name in the same folder, {@code folder/.name.upkeep-RANDOM}. */
    public static String beside(String path) {
        int slash = path.lastIndexOf('/');
        return path.substring(0, slash + 1)
                + start(path.substring(slash + 1))
                + String.format(Locale.ROOT, "%016x", RANDOM.nextLong());
    }

    private static String start(String name) {
        String cut = name;
        while (cut.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
            cut = cut.substring(0, cut.offsetByCodePoints(cut.length(), -1));
        }
        return "." + cut + ".upkeep-";
    }

    /** True if a file's name (not its path) is one of these. */
    public static boolean is(String name) {
        return OURS.matcher(name).matches();
    }

    /** True if it is one of these, for the file of this name. */
    public static boolean isOf(String temporary, String name) {
        return is(temporary) && temporary.startsWith(start(name));
    }
}
