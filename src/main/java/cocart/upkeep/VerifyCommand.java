package cocart.upkeep;

import cocart.upkeep.backup.Finding;
import cocart.upkeep.backup.Progress;
import cocart.upkeep.backup.Report;
import cocart.upkeep.backup.Sample;
import cocart.upkeep.console.Reports;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.StoreException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares snapshots with their manifests and repairs them. */
@Command(
        name = "verify",
        description = "Hash snapshots' content again, compare it with what was sealed, and repair what can be.",
        mixinStandardHelpOptions = true)
final class VerifyCommand extends Commands.Base {

    /** Claimed while snapshots are read, so that none is removed meanwhile. */
    private static final String JOB = "verify";

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");
    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,3}(?:\\.[0-9]{1,6})?)%");

    @Parameters(
            paramLabel = "STORE",
            completionCandidates = StoreIds.class,
            arity = "0..1",
            description = "Id of a store; default: all that have snapshots.")
    @Nullable
    String store;

    @Option(
            names = "--sample",
            paramLabel = "10%",
            description = "Hash only a random part of the contents; names and sizes are compared of all.")
    @Nullable
    String part;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "With --sample: choose the same part as the run that printed this seed.")
    @Nullable
    Long seed;

    @Option(names = "--no-repair", description = "Change nothing, only say what is wrong.")
    boolean readOnly;

    @Option(
            names = "--drill",
            description =
                    "Try out whether the newest snapshot of STORE can be restored: load its database into the scratch"
                            + " server (upkeep.scratch.url), look at what is in it, drop it.")
    boolean drill;

    @Option(names = "--json", description = "As JSON, for programs.")
    boolean json;

    @Override
    public Integer call() throws Exception {
        Sample sample = sample();
        if (drill) {
            return drill();
        }
        try (Bundle bundle = upkeep.open(false)) {
            bundle.events.outcomesAreSaid();
            List<String> stores = store == null
                    ? bundle.verify.stores()
                    : List.of(store(bundle, store).id());
            bundle.start(); // for the stores' files, and for the heartbeat of the claims
            Commands.stopAtOnce(bundle);
            List<String> mine = new ArrayList<>();
            try {
                for (String id : stores) {
                    if (bundle.jobs.claim(id, JOB)) {
                        mine.add(id);
                    } else {
                        err().println("upkeep: store " + id
                                + " is left out, because another run verifies it, or one that"
                                + " was killed less than "
                                + bundle.settings().value("lease") + " ago; ask again later");
                    }
                }
                boolean whole = verify(bundle, mine, sample);
                return whole && mine.size() == stores.size() ? Upkeep.FINE : Upkeep.NEEDS_A_HUMAN;
            } finally {
                mine.forEach(id -> bundle.jobs.finish(id, JOB, null));
            }
        }
    }

    private int drill() throws Exception {
        if (store == null || part != null || readOnly || json) {
            throw new SettingsException("--drill goes with a STORE and with none of --sample, --no-repair and --json");
        }
        try (Bundle bundle = upkeep.open(false)) {
            bundle.events.outcomesAreSaid();
            store(bundle, store);
            bundle.scratch.check();
            if (bundle.snapshots.newest(store).isEmpty()) {
                throw new StoreException(
                        "store " + store + ": there is no snapshot to try out; run upkeep backup " + store, null);
            }
            CamelContext camel = bundle.start();
            Commands.stopAtOnce(bundle);
            try (ProducerTemplate template = camel.createProducerTemplate()) {
                Object said = template.requestBodyAndHeader("direct:drill", null, "store", store);
                if (said instanceof String sentence) {
                    out().println(sentence);
                    out().flush();
                    return Upkeep.FINE;
                }
            }
            err().println("upkeep: "
                    + bundle.jobs
                            .error(store, "drill")
                            .orElse("store " + store
                                    + ": another run is at a restore drill, or one that was killed less" + " than "
                                    + bundle.settings().value("lease") + " ago; ask again later"));
            return Upkeep.NEEDS_A_HUMAN;
        }
    }

    private boolean verify(Bundle bundle, List<String> stores, Sample sample) {
        Report report = bundle.verify.run(stores, sample, !readOnly, new Lines());
        bundle.verified.record(report, stores).stream()
                .filter(bundle.settings().stores()::containsKey)
                .forEach(bundle.notices::refresh);
        Set<String> hurt = hurt(bundle, stores);
        if (json) {
            out().println(Reports.verified(report));
        } else {
            print(out(), report, sample, hurt);
        }
        out().flush();
        return report.isWhole() && report.isClean() && hurt.isEmpty();
    }

    /** Snapshots that are marked as damaged, as STORE/ID: a sample that meets none of the damage does not heal them. */
    private static Set<String> hurt(Bundle bundle, List<String> stores) {
        return stores.stream()
                .flatMap(id -> bundle.known.list(id).stream())
                .filter(known -> known.damage() != null)
                .map(known -> known.snapshot().store() + "/" + known.snapshot().id())
                .collect(Collectors.toSet());
    }

    /** Also stores that are no longer set up, as long as they have snapshots. */
    private static List<String> all(Bundle bundle) {
        Set<String> ids = new LinkedHashSet<>(bundle.settings().stores().keySet());
        ids.addAll(bundle.verify.stores());
        return List.copyOf(ids);
    }

    private Sample sample() {
        if (part == null) {
            if (seed != null) {
                throw new SettingsException("--seed is for a part of the contents only; give --sample 10% with it");
            }
            return Sample.ALL;
        }
        Matcher percent = PERCENT.matcher(part.strip());
        double value = percent.matches() ? Double.parseDouble(percent.group(1)) : 0;
        if (value <= 0 || value > 100) {
            throw new SettingsException(
                    "--sample must be a percentage over 0% and up to 100%, such as 10%, not '" + part + "'");
        }
        return new Sample(
                value / 100, seed != null ? seed : ThreadLocalRandom.current().nextInt(1, 1_000_000_000));
    }

    private static void print(PrintWriter out, Report report, Sample sample, Set<String> marked) {
        for (Finding finding : report.findings()) {
            String became = finding.isRepaired() ? "; repaired: " : finding.isForeign() ? "; " : "; NOT repaired: ";
            out.println(PlainText.of(finding.kind().word() + "  " + finding.store() + "/" + finding.id() + "/"
                    + finding.path() + "  " + finding.detail()
                    + (finding.outcome().isEmpty() ? "" : became + finding.outcome())));
        }
        for (Report.Result result : report.results()) {
            long repaired =
                    result.findings().stream().filter(Finding::isRepaired).count();
            long foreign = result.foreign().size();
            long left = result.findings().size() - repaired - foreign;
            out.println(result.store() + "  " + result.id() + "  "
                    + (left > 0
                            ? "HURT: " + left + " left" + (repaired > 0 ? ", " + repaired + " repaired" : "")
                            : (repaired > 0 ? "whole again, " + repaired + " repaired" : "whole"))
                    + (result.full() || left > 0 ? "" : " as far as looked at")
                    + (left == 0 && marked.contains(result.store() + "/" + result.id())
                            ? ", but HURT as an earlier run has found"
                            : "")
                    + (foreign > 0 ? ", " + foreign + " foreign to be removed" : "")
                    + ", " + result.files() + " files");
        }
        long hurt = report.results().stream()
                .filter(result -> !result.isWhole() || marked.contains(result.store() + "/" + result.id()))
                .count();
        out.println(String.format(
                Locale.ROOT,
                "%d %s, %d contents, %d files hashed, %d bytes%s: %s",
                report.results().size(),
                report.results().size() == 1 ? "snapshot" : "snapshots",
                report.contents(),
                report.hashed(),
                report.bytes(),
                sample.isAll()
                        ? ""
                        : String.format(
                                Locale.ROOT, " (--sample %s%% --seed %d)", number(sample.part() * 100), sample.seed()),
                hurt > 0
                        ? hurt + " hurt"
                        : !report.isClean()
                                ? "all whole, with what is not theirs in some"
                                : report.findings().isEmpty() ? "all whole" : "all whole, repaired completely"));
    }

    private static String number(double value) {
        return new java.math.BigDecimal(value)
                .setScale(6, java.math.RoundingMode.HALF_UP)
                .stripTrailingZeros()
                .toPlainString();
    }

    /** A line in the log every 30 s. */
    private static final class Lines implements Progress {

        private static final long EVERY_NANOS = 30_000_000_000L;

        private long last = System.nanoTime();

        @Override
        public void at(long files, long bytes) {
            if (System.nanoTime() - last >= EVERY_NANOS) {
                last = System.nanoTime();
                LOG.info("Verifying: {} files looked at, {} MB hashed.", files, bytes >> 20);
            }
        }
    }
}
