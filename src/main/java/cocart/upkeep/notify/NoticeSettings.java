package cocart.upkeep.notify;

import java.time.Duration;
import java.util.function.Function;

/**
 * When what only time brings is to be said.
 *
 * @param backupAge for a store: how old its newest snapshot may be; 0 for any age
 * @param exposure for a store: how long new carts may be exposed; 0 for any time
 */
public record NoticeSettings(Function<String, Duration> backupAge, Function<String, Duration> exposure) {}
