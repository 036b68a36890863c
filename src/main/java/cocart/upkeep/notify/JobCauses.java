package cocart.upkeep.notify;

import cocart.upkeep.store.KnownHosts;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Jobs of a store whose last run failed. */
final class JobCauses implements Function<StoreView, Stream<Finding>> {

    private static final List<String> FIRST = List.of("detect", "migrate", "back-up");

    @Override
    public Stream<Finding> apply(StoreView view) {
        // a server that is away stops every job, and is said once: by the look, which tells why the others failed
        Set<String> said = new HashSet<>();
        return view.errors.entrySet().stream()
                .sorted(Comparator.comparingInt((Map.Entry<String, String> run) -> rank(run.getKey()))
                        .thenComparing(Map.Entry::getKey))
                .filter(run -> said.add(run.getValue()))
                .map(run -> finding(run.getKey(), run.getValue()));
    }

    private static int rank(String job) {
        return FIRST.contains(job) ? FIRST.indexOf(job) : FIRST.size();
    }

    private static Finding finding(String job, String error) {
        if (KnownHosts.isAboutChangedKey(error)) {
            return Finding.of(Cause.HOST_KEY, "", error, error);
        }
        Cause cause = job.equals("back-up") ? Cause.BACKUP_FAILED : Cause.JOB_FAILED;
        return Finding.of(cause, job, Finding.withoutFigures(error), error);
    }
}
