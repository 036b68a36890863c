package cocart.upkeep.store;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One store as the settings describe it: {@code upkeep.store.ID.*}, with the values for all stores filled in.
 *
 * @param id letters, digits, {@code -} and {@code _}; the name used in commands, folders and logs
 * @param files WordPress root as a Camel endpoint URI ({@code file:}, {@code sftp:}, {@code ftps:} or {@code ftp:}); may hold secrets, never log it
 * @param url address of the shop, or null
 * @param plugins slugs of the plugins to look after, at least one
 * @param database where the database is; parts may be missing, then {@code wp-config.php} is asked
 * @param automatic data updates go on without approval
 * @param settle how long a plugin folder must stay the same before it counts, not negative
 * @param detectCron Quartz cron: when to look for new code
 * @param zone time zone of all its schedules, for example {@code UTC}
 * @param backup when and how it is backed up
 */
public record StoreSettings(
        String id,
        String files,
        @Nullable String url,
        List<String> plugins,
        DatabaseSettings database,
        boolean automatic,
        Duration settle,
        String detectCron,
        String zone,
        Backup backup) {

    /**
     * How a store is backed up.
     *
     * @param cron Quartz cron: when to back up
     * @param drillCron Quartz cron: when to try out whether the newest snapshot can be restored; empty for never
     * @param skip patterns of paths in wp-content that are not backed up, anchored there
     * @param keep which snapshots are kept, in restic's terms, such as {@code last=3,daily=14}; empty for all
     * @param connections SFTP or FTP connections at once, at least 1
     * @param near longest round trip to an SFTP server that gets by with one connection
     * @param inFlight most folders and files that are being listed or read at once over all connections, at least 1
     * @param memory most bytes of content that are asked for or wait to be written, at least 1 MiB
     */
    public record Backup(
            String cron,
            String drillCron,
            List<String> skip,
            String keep,
            int connections,
            Duration near,
            int inFlight,
            long memory) {}

    /**
     * Database settings of a store.
     *
     * @param url {@code jdbc:mariadb://host:port/name}, or null: from {@code wp-config.php}
     * @param username or null: from {@code wp-config.php}
     * @param password or null: from {@code wp-config.php}
     * @param prefix table prefix, a plain identifier, or null: from {@code wp-config.php}
     * @param tunnel reach it through the SFTP login, as seen from the store's own host
     */
    public record DatabaseSettings(
            @Nullable String url,
            @Nullable String username,
            @Nullable String password,
            @Nullable String prefix,
            boolean tunnel) {

        /** True if {@code wp-config.php} has to be asked. */
        public boolean isIncomplete() {
            return url == null || username == null || password == null || prefix == null;
        }

        @Override
        public String toString() {
            return "DatabaseSettings[url=" + url + ", prefix=" + prefix + "]";
        }
    }

    @Override
    public String toString() {
        return "StoreSettings[" + id + "]";
    }
}
