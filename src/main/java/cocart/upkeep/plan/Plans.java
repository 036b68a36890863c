package cocart.upkeep.plan;

import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads {@code config/updates/*.yaml}. What is wrong is said with file, line and column; editors check the same by
 * {@code plan.schema.json}, which lies beside them. Files that change while the program runs are read again: a running
 * data update notices by the plan's checksum.
 */
public final class Plans {

    private static final Logger LOG = LoggerFactory.getLogger(Plans.class);

    /** A file that was written a moment ago may be half written. */
    private static final Duration SETTLE = Duration.ofSeconds(2);

    private final Path folder;
    private volatile Known known;

    /**
     * @param stamps the files' names with their sizes and times when they were read
     * @param places file and line of each part of a plan, by {@link #key}
     */
    private record Known(Map<Path, String> stamps, List<UpdatePlan> plans, Map<String, String> places) {

        static Known read(Map<Path, String> stamps) {
            List<UpdatePlan> plans = new ArrayList<>();
            Map<String, String> places = new HashMap<>();
            for (Path file : stamps.keySet()) {
                new PlanFile(file, places).read(plans);
            }
            return new Known(stamps, List.copyOf(plans), Map.copyOf(places));
        }
    }

    /**
     * Reads and checks all plans of a folder.
     *
     * @throws StoreException (permanent) if one cannot be used
     */
    public Plans(Path folder) {
        this.folder = folder;
        try {
            Map<Path, String> stamps = stamps(Instant.MAX);
            known = Known.read(stamps);
        } catch (IOException e) {
            throw new StoreException(
                    folder + " with the update plans cannot be read; put it back from the archive", e, true);
        }
    }

    /** The plans as they are now. While a file cannot be used, those from before it was changed. */
    private List<UpdatePlan> plans() {
        Known before = known;
        try {
            Map<Path, String> stamps = stamps(Instant.now().minus(SETTLE));
            if (!stamps.equals(before.stamps())) {
                known = Known.read(stamps);
                LOG.info("The update plans in {} have changed and were read again.", folder);
            }
        } catch (Unsettled e) {
            return before.plans();
        } catch (StoreException | IOException e) {
            Map<Path, String> stamps = stampsOrNone();
            if (!stamps.equals(before.stamps())) { // else it has been said
                LOG.warn("The update plans stay as they were before {} was changed: {}", folder, e.getMessage());
                known = new Known(stamps, before.plans(), before.places());
            }
        }
        return known.plans();
    }

    /**
     * @param latest files must not be younger
     * @throws Unsettled if one is
     */
    private Map<Path, String> stamps(Instant latest) throws IOException {
        Map<Path, String> stamps = new TreeMap<>();
        try (Stream<Path> found = Files.list(folder)) {
            for (Path file : found.filter(f -> f.toString().endsWith(".yaml")).toList()) {
                FileTime time = Files.getLastModifiedTime(file);
                String stamp = Files.size(file) + " " + time;
                if (time.toInstant().isAfter(latest)
                        && !stamp.equals(known.stamps().get(file))) {
                    throw new Unsettled();
                }
                stamps.put(file, stamp);
            }
        }
        return stamps;
    }

    private Map<Path, String> stampsOrNone() {
        try {
            return stamps(Instant.MAX);
        } catch (IOException e) {
            return Map.of();
        }
    }

    private static final class Unsettled extends IOException {}

    /** A plugin's plans in the order of its file. */
    public List<UpdatePlan> of(String plugin) {
        return plans().stream().filter(plan -> plan.plugin().equals(plugin)).toList();
    }

    /** The plans of several plugins, in that order. */
    public List<UpdatePlan> of(List<String> plugins) {
        return plugins.stream().flatMap(plugin -> of(plugin).stream()).toList();
    }

    public Optional<UpdatePlan> find(String plugin, String version) {
        return of(plugin).stream()
                .filter(plan -> plan.version().equals(version))
                .findFirst();
    }

    /** All plans. */
    public List<UpdatePlan> all() {
        return plans();
    }

    /**
     * Where a part of a plan stands, as {@code config/updates/FILE.yaml, line 12, column 17}.
     *
     * @param field {@code version}, {@code columns of carts}, {@code key of carts}, {@code sql of step NAME},
     *     {@code unless of step NAME} or {@code query of proof NAME}
     */
    public String place(UpdatePlan plan, String field) {
        return known.places().getOrDefault(key(plan.plugin(), plan.version(), field), folder.toString());
    }

    static String key(String plugin, String version, String field) {
        return plugin + " " + version + " " + field;
    }

    /**
     * A plugin's updates are made in the order in which they stand, so that an earlier version must stand first.
     *
     * @param versions PHP's order of versions
     * @throws StoreException (permanent) if it does not
     */
    public void checkOrder(Comparator<String> versions) {
        Map<String, UpdatePlan> before = new HashMap<>();
        for (UpdatePlan plan : plans()) {
            UpdatePlan last = before.put(plan.plugin(), plan);
            if (last != null && versions.compare(last.version(), plan.version()) > 0) {
                throw new StoreException(
                        place(plan, "version") + ": the update " + plan.version() + " of " + plan.plugin()
                                + " stands behind " + last.version()
                                + ", and they are made in this order; put it in front of it",
                        null,
                        true);
            }
        }
    }
}
