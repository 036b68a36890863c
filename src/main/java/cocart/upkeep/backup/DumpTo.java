package cocart.upkeep.backup;

import java.nio.file.Path;

/** Writes a store's database, so that the snapshot need not know how. */
@FunctionalInterface
public interface DumpTo {

    /**
     * Writes the gzipped dump; called once, before any file is read.
     *
     * @param target file to create, in a folder that only we can enter
     * @return bytes written
     * @throws cocart.upkeep.store.StoreException if the database cannot be dumped; nothing is sealed then
     */
    long dump(Path target);
}
