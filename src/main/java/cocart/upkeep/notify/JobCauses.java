package cocart.upkeep.notify;

import cocart.upkeep.store.KnownHosts;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Jobs of a store whose last run failed. A server that is away stops every job, and is said once: by what is said of it
 * already, whichever job came upon it first, so that what was dismissed does not come back by another name; else by the
 * look, which tells why the others failed.
 */
final class JobCauses implements Function<StoreView, Stream<Finding>> {

    private static final List<String> FIRST = List.of("detect", "migrate", "back-up");
    private static final List<Cause> CAUSES = List.of(Cause.JOB_FAILED, Cause.BACKUP_FAILED);

    @Override
    public Stream<Finding> apply(StoreView view) {
        Map<String, Finding> found = new LinkedHashMap<>();
        view.errors.entrySet().stream()
                .sorted(Comparator.comparingInt((Map.Entry<String, String> run) -> rank(run.getKey()))
                        .thenComparing(Map.Entry::getKey))
                .forEach(run -> found.computeIfAbsent(
                        Finding.withoutFigures(run.getValue()),
                        identity -> finding(view, run.getKey(), run.getValue(), identity)));
        return found.values().stream();
    }

    private static int rank(String job) {
        return FIRST.contains(job) ? FIRST.indexOf(job) : FIRST.size();
    }

    private static Finding finding(StoreView view, String job, String error, String identity) {
        if (KnownHosts.isAboutChangedKey(error)) {
            return Finding.of(Cause.HOST_KEY, "", error, error);
        }
        return said(view, error, identity)
                .orElseGet(() -> Finding.of(
                        job.equals("back-up") ? Cause.BACKUP_FAILED : Cause.JOB_FAILED, job, identity, error));
    }

    /** The notice that says this error already, unless its job has another one now. */
    private static Optional<Finding> said(StoreView view, String error, String identity) {
        return view.said.entrySet().stream()
                .flatMap(said -> CAUSES.stream()
                        .filter(cause -> said.getKey().startsWith(Finding.key(cause, ""))
                                && said.getValue().equals(Finding.fingerprint(cause, identity)))
                        .map(cause -> Finding.of(
                                cause,
                                said.getKey().substring(Finding.key(cause, "").length()),
                                identity,
                                error)))
                .filter(finding ->
                        identity.equals(Finding.withoutFigures(view.errors.getOrDefault(finding.subject(), error))))
                .findFirst();
    }
}
