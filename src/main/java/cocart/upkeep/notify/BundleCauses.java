package cocart.upkeep.notify;

import cocart.upkeep.state.Jobs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is wrong with the bundle itself, whatever the stores. */
final class BundleCauses {

    private final Path backups;
    private final long free;
    private final Jobs jobs;
    private final List<String> channels;

    /**
     * @param backups folder of the backups
     * @param free bytes that should be free there; 0 if that is no matter
     * @param channels names of the channels that are switched on
     */
    BundleCauses(Path backups, long free, Jobs jobs, List<String> channels) {
        this.backups = backups;
        this.free = free;
        this.jobs = jobs;
        this.channels = List.copyOf(channels);
    }

    /** @param disk true if the disk was said to be nearly full already */
    List<Finding> find(boolean disk) {
        List<Finding> found = new ArrayList<>();
        disk(disk, found);
        for (String channel : channels) {
            jobs.error(Notices.BUNDLE, Outbox.job(channel))
                    .ifPresent(error ->
                            found.add(Finding.of(Cause.CHANNEL_FAILED, channel, Finding.withoutFigures(error), error)));
        }
        return found;
    }

    /** Said until a tenth more is free, so that it does not come and go with every file. */
    private void disk(boolean said, List<Finding> found) {
        Path there = backups.toAbsolutePath();
        while (there.getParent() != null && Files.notExists(there)) {
            there = there.getParent();
        }
        try {
            long now = Files.getFileStore(there).getUsableSpace();
            if (free > 0 && now < (said ? free + free / 10 : free)) {
                found.add(Finding.of(
                        Cause.DISK_NEARLY_FULL,
                        "",
                        "",
                        "The disk of " + backups + " (upkeep.backup.directory) is nearly full: " + (now >> 20)
                                + " MB are free there. Make room, or let fewer snapshots stay (upkeep.backup.keep)."));
            }
        } catch (IOException e) {
            // whatever is wrong there, the next backup says it
        }
    }
}
