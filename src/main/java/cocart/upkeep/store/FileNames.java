package cocart.upkeep.store;

/** Decides which names from a server may become part of a path. The same rule serves zip entries and settings. */
public final class FileNames {

    /** Longest name that is accepted, in bytes; what Linux file systems allow. */
    public static final int LONGEST = 255;

    private FileNames() {}

    /**
     * Why a file of another name is not backed up, and what to do.
     *
     * @param shown the name as it may be shown
     */
    static String refusal(String shown) {
        return "its name cannot be used on this side: '" + shown
                + "'; rename it, or leave it out with upkeep.backup.skip";
    }

    /**
     * True if a name is one plain part of a path: not empty, not {@code .} or {@code ..}, without {@code /},
     * {@code \}, NUL, not longer than {@link #LONGEST} bytes. (CVE-2026-79983 is what
     * happens otherwise.)
     */
    public static boolean isPlain(String name) {
        if (name.isEmpty() || name.equals(".") || name.equals("..")) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '/' || c == '\\' || c == 0) {
                return false;
            }
        }
        return name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length <= LONGEST;
    }
}
