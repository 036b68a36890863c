package cocart.upkeep.migrate;

import cocart.upkeep.state.Engine;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What docs/queue.md promises, on each state database. */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"H2", "POSTGRESQL", "MARIADB"})
class QueueTest extends QueuePromises {

    QueueTest(Engine engine) {
        super(engine);
    }
}
