package cocart.upkeep.state;

import cocart.upkeep.store.Secrets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Statements of {@code sql/*.sql} against the state database; times are the database's, in UTC. */
public final class Database {

    /** Tries of a transaction that the database ended because of another one. */
    private static final int TRIES = 5;

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final JdbcClient client;
    private final NamedParameterJdbcTemplate template;
    private final TransactionTemplate transaction;

    public Database(DataSource source) {
        client = JdbcClient.create(source);
        template = new NamedParameterJdbcTemplate(source);
        transaction = new TransactionTemplate(new DataSourceTransactionManager(source));
    }

    /** The statement of {@code sql/NAME.sql}, its parameters to be set. */
    public JdbcClient.StatementSpec sql(String name) {
        return client.sql(Sql.load(name));
    }

    /** Runs the statement of {@code sql/NAME.sql} once for each row of parameters. */
    @SuppressWarnings("unchecked")
    void batch(String name, List<? extends Map<String, ?>> rows) {
        if (!rows.isEmpty()) {
            template.batchUpdate(Sql.load(name), rows.toArray(Map[]::new));
        }
    }

    /**
     * Runs work that is done as a whole or not at all; inside of another such work it is a part of that one. What a
     * database ends because two transactions waited for each other is done again, so the work must do nothing else that
     * counts.
     */
    public <T extends @Nullable Object> T inTransaction(Supplier<T> work) {
        for (int attempt = 1; ; attempt++) {
            try {
                return transaction.execute(status -> work.get());
            } catch (PessimisticLockingFailureException
                    | QueryTimeoutException e) { // H2 calls a lock not had the latter
                if (attempt == TRIES || TransactionSynchronizationManager.isActualTransactionActive()) {
                    throw e;
                }
                // at once it would most likely meet the same other transaction
                LockSupport.parkNanos(
                        ThreadLocalRandom.current().nextLong(attempt * PAUSE_NANOS, 2 * attempt * PAUSE_NANOS));
            }
        }
    }

    /** Does something as soon as the transaction that runs now is committed, or at once if there is none. */
    static void afterCommit(Runnable work) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            work.run();
            return;
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                work.run();
            }
        });
    }

    /** The database's clock, by which all instances measure leases. */
    public LocalDateTime now() {
        return sql("now")
                .query((row, n) -> row.getObject(1, LocalDateTime.class))
                .single();
    }

    public static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        LocalDateTime time = row.getObject(column, LocalDateTime.class);
        return time == null ? null : time.toInstant(ZoneOffset.UTC);
    }

    /** A text without secrets, cut to what its column holds. What is shown of the state comes from there. */
    public static @Nullable String cut(@Nullable String text) {
        String masked = text == null ? null : Secrets.mask(text);
        return masked == null || masked.length() <= 2000 ? masked : masked.substring(0, 1997) + "...";
    }
}
