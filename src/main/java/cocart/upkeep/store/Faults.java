package cocart.upkeep.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.regex.Pattern;

/**
 * What is behind an exception, in words: those of java.nio.file often say no more than the path, those of a database's
 * driver more than is wrong.
 */
public final class Faults {

    /** MariaDB's driver puts the connection's number before what the server says: another one each time. */
    private static final Pattern CONNECTION = Pattern.compile("\\(conn=\\d+\\) ");

    private Faults() {}

    /**
     * True if a disk, or what a user may have of it, has no room left.
     *
     * @param error of the write
     * @param place where it was written, or its folder
     */
    static boolean isFull(IOException error, Path place) {
        String said = String.valueOf(error.getMessage());
        if (said.contains("No space left") || said.contains("uota exceeded")) {
            return true;
        }
        try { // the words are the system's, in the user's language
            return !(error instanceof AccessDeniedException)
                    && Files.getFileStore(place.getParent()).getUsableSpace() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** A clause such as {@code permission denied}. */
    public static String words(IOException error) {
        if (error instanceof AccessDeniedException) {
            return "permission denied for user " + System.getProperty("user.name");
        }
        if (error instanceof NoSuchFileException) {
            return "it does not exist";
        }
        if (error instanceof NotDirectoryException) {
            return "it is no folder";
        }
        if (error instanceof FileAlreadyExistsException) {
            return "there is a file in its place";
        }
        if (error instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        }
        return String.valueOf(error.getMessage());
    }

    /** What a database or its driver says, on one line: the same words for the same fault, whichever connection had it. */
    public static String words(SQLException error) {
        String message = String.valueOf(error.getMessage());
        return CONNECTION.matcher(message.lines().findFirst().orElse("")).replaceAll("");
    }
}
