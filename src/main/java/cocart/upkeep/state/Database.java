package cocart.upkeep.state;

import cocart.upkeep.store.Sql;
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
final class Database {

    private final JdbcClient client;
    private final TransactionTemplate transaction;

    Database(DataSource source) {
        client = JdbcClient.create(source);
        transaction = new TransactionTemplate(new DataSourceTransactionManager(source));
    }

    JdbcClient.StatementSpec sql(String name) {
        return client.sql(Sql.load(name));
    }

    <T> T inTransaction(Supplier<T> work) {
        return transaction.execute(status -> work.get());
    }

    /** The database's clock, by which all instances measure leases. */
    LocalDateTime now() {
        return sql("now")
                .query((row, n) -> row.getObject(1, LocalDateTime.class))
                .single();
    }

    static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        LocalDateTime time = row.getObject(column, LocalDateTime.class);
        return time == null ? null : time.toInstant(ZoneOffset.UTC);
    }

    /** A text cut to what its column holds. */
    static @Nullable String cut(@Nullable String text) {
        return text == null || text.length() <= 2000 ? text : text.substring(0, 1997) + "...";
    }
}
