package cocart.upkeep.migrate;

import cocart.upkeep.state.Engine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The same on MySQL 8, whose start takes longer than all the rest. */
@Tag("soak")
@ParameterizedClass(name = "{0}")
@EnumSource(names = "MYSQL")
class QueueOnMysqlTest extends QueuePromises {

    QueueOnMysqlTest(Engine engine) {
        super(engine);
    }
}
