package cocart.upkeep.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Medians and ratios of the runs of one setting, first or second ones. */
final class Figures {

    private final List<Trial> trials;

    Figures(List<Trial> trials) {
        this.trials = trials.stream().filter(Trial::counts).toList();
    }

    /**
     * A number that may be a lower bound.
     *
     * @param atLeast true if it would be larger, had the run not been stopped
     */
    record Figure(double value, boolean atLeast) {}

    Optional<Figure> seconds(String tool) {
        return median(of(tool).stream()
                .map(trial -> new Figure(trial.measured().seconds(), trial.isStopped()))
                .toList());
    }

    /** Median of one of the other measures; empty if it is not known. */
    OptionalDouble median(String tool, Function<Trial, @Nullable Number> measure) {
        List<Figure> values = of(tool).stream()
                .map(measure)
                .filter(Objects::nonNull)
                .map(value -> new Figure(value.doubleValue(), false))
                .toList();
        return median(values).stream().mapToDouble(Figure::value).findFirst();
    }

    /**
     * How many times as long as ours the fastest of some tools took: the median of the ratios within each repetition.
     * Empty if no repetition has both.
     */
    Optional<Figure> timesOurs(Collection<String> tools) {
        List<Figure> ratios = new ArrayList<>();
        for (Trial ours : of(Ours.NAME)) {
            trials.stream()
                    .filter(trial -> tools.contains(trial.tool()) && trial.repetition() == ours.repetition())
                    .min((a, b) ->
                            Double.compare(a.measured().seconds(), b.measured().seconds()))
                    .filter(fastest -> !ours.isStopped())
                    .ifPresent(fastest -> ratios.add(new Figure(
                            fastest.measured().seconds() / ours.measured().seconds(), fastest.isStopped())));
        }
        return median(ratios);
    }

    private List<Trial> of(String tool) {
        return trials.stream().filter(trial -> trial.tool().equals(tool)).toList();
    }

    private static Optional<Figure> median(List<Figure> values) {
        if (values.isEmpty()) {
            return Optional.empty();
        }
        List<Figure> sorted = values.stream()
                .sorted((a, b) -> Double.compare(a.value, b.value))
                .toList();
        Figure lower = sorted.get((sorted.size() - 1) / 2);
        Figure upper = sorted.get(sorted.size() / 2);
        return Optional.of(new Figure((lower.value + upper.value) / 2, lower.atLeast || upper.atLeast));
    }
}
