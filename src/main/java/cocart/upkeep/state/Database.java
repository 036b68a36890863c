package cocart.upkeep.state;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Statements of {@code sql/*.sql} against the state database; times are the database's, in UTC. */
public final class Database {

    private final JdbcClient client;
    private final TransactionTemplate transaction;

    public Database(DataSource source) {
        client = JdbcClient.create(source);
        transaction = new TransactionTemplate(new DataSourceTransactionManager(source));
    }

    /** The statement of {@code sql/NAME.sql}, its parameters to be set. */
    public JdbcClient.StatementSpec sql(String name) {
        return client.sql(Sql.load(name));
    }

    /** Runs work that is done as a whole or not at all. */
    public <T extends @Nullable Object> T inTransaction(Supplier<T> work) {
        return transaction.execute(status -> work.get());
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

    /** A text cut to what its column holds. */
    public static @Nullable String cut(@Nullable String text) {
        return text == null || text.length() <= 2000 ? text : text.substring(0, 1997) + "...";
    }
}
