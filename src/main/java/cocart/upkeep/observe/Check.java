package cocart.upkeep.observe;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** One of our own health checks, asked by Camel's registry. */
final class Check extends AbstractHealthCheck {

    static final String GROUP = "upkeep";

    private final boolean isForReadiness;
    private final Consumer<HealthCheckResultBuilder> look;

    /**
     * @param isForReadiness true if an instance for which it is DOWN cannot work, so that a load balancer should leave it
     *     out; what several instances would all say alike is not
     * @param look says UP or DOWN, with details that hold no secret
     */
    Check(String id, boolean isForReadiness, Consumer<HealthCheckResultBuilder> look) {
        super(GROUP, id);
        this.isForReadiness = isForReadiness;
        this.look = look;
    }

    @Override
    public boolean isReadiness() {
        return isForReadiness;
    }

    @Override
    public boolean isLiveness() {
        return false;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder result, Map<String, Object> options) {
        look.accept(result);
    }
}
