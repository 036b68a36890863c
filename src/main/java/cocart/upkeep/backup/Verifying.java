package cocart.upkeep.backup;

import java.util.List;

/** Verifies one store's snapshots as a whole, as {@code upkeep verify STORE} does: compares, repairs, records. */
public final class Verifying {

    private final Verify verify;
    private final Verified verified;

    public Verifying(Verify verify, Verified verified) {
        this.verify = verify;
        this.verified = verified;
    }

    /** Does so now; what comes of it is in the state database. */
    public void run(String store) {
        List<String> chosen = List.of(store);
        Report report = verify.run(chosen, Sample.ALL, true, (files, bytes) -> {});
        verified.record(report, chosen);
    }
}
