package cocart.upkeep.console;

import org.jspecify.annotations.Nullable;

/** What {@code /api/v1} answers, as JSON. */
public final class Api {

    private final Status status;

    public Api(Status status) {
        this.status = status;
    }

    /** The same as {@code upkeep status --json}. */
    public String status(@Nullable String query) {
        Query.of(query).only();
        return status.all().toString();
    }
}
