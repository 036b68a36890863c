package cocart.upkeep.store;

import org.jspecify.annotations.Nullable;

/**
 * One name in a store's folder, as the server lists it (lstat: a link is a link).
 *
 * @param path relative to the folder that was walked or listed, parts joined by {@code /}, checked by
 *     {@link FileNames}: never absolute, no empty, {@code .} or {@code ..} part. Bytes that are not UTF-8 are written
 *     as {@code %XX} (and then {@code rawPath} is set)
 * @param type what it is
 * @param size in bytes; 0 for what is not a file
 * @param mtime last change, in seconds since 1970
 * @param mode permission bits, 0 to 07777
 * @param linkTarget where a link points to, null for other types or when it cannot be read
 * @param rawPath the path's bytes in hex if they are not valid UTF-8, else null
 */
public record FileEntry(
        String path,
        Type type,
        long size,
        long mtime,
        int mode,
        @Nullable String linkTarget,
        @Nullable String rawPath) {

    /** Types that are told apart; everything that is no file, folder or link is {@code OTHER} and never read. */
    public enum Type {
        FILE,
        FOLDER,
        LINK,
        OTHER
    }

    /** The last part of the path. */
    public String name() {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
