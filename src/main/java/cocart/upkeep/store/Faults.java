package cocart.upkeep.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** What is behind an IOException, in words: those of java.nio.file often say no more than the path. */
public final class Faults {

    private Faults() {}

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
}
