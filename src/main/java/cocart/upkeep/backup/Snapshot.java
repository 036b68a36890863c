package cocart.upkeep.backup;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A sealed snapshot of one store: a folder with {@code wp-content/}, {@code database.sql.gz} and {@code manifest.jsonl}.
 *
 * @param store the store's id
 * @param id when it was begun, UTC, as {@code yyyyMMddTHHmmssZ}; ids of a store only grow
 * @param sealedAt when it was complete on disk
 * @param files number of files in it, the database dump included
 * @param bytes sum of their sizes
 * @param newBytes bytes of content that no snapshot had before; what it cost on disk
 * @param failed entries that could not be read or stored; 0 for a complete snapshot
 * @param path its folder
 */
public record Snapshot(
        String store, String id, Instant sealedAt, long files, long bytes, long newBytes, long failed, Path path) {}
