package cocart.upkeep.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** Runs the contenders in turn, first and again, and checks what each has brought home. */
final class Course {

    /** Told of each run at once, so that an end in the middle loses none. */
    interface Ledger {
        void add(Trial trial) throws IOException;
    }

    private static final double SPARE = 1.3;

    private final Sshd sshd;
    private final Path work;
    private final List<Contender> contenders;
    private final int repetitions;
    private final Duration limit;
    private final Ledger ledger;
    private final Map<String, Integer> stoppedAt = new HashMap<>();
    private final Map<Path, Listing> listings = new HashMap<>();

    /** @param contenders those that are not installed are left out */
    Course(Sshd sshd, Path work, List<Contender> contenders, int repetitions, Duration limit, Ledger ledger)
            throws InterruptedException {
        this.sshd = sshd;
        this.work = work;
        this.repetitions = repetitions;
        this.limit = limit;
        this.ledger = ledger;
        this.contenders = new ArrayList<>();
        for (Contender one : contenders) {
            if (one.version().isPresent()) {
                this.contenders.add(one);
            }
        }
    }

    /** Runs all at one place and one round trip. */
    void run(Path target, int roundTripMillis, ShopTree.Shape shape) throws IOException, InterruptedException {
        say("making or finding the shop");
        ShopTree tree = ShopTree.in(work, shape);
        Path out = target.toAbsolutePath().normalize().resolve("upkeep-bench");
        Files.createDirectories(out);
        Listing source = listings.get(tree.root());
        if (source == null) {
            source = Listing.of(tree.content());
            listings.put(tree.root(), source);
        }
        if (out.toFile().getUsableSpace() < source.bytes() * SPARE + (512 << 20)) {
            throw new BenchException(out + " has not enough room for " + source.bytes() / 1_000_000
                    + " MB; choose another with --target");
        }
        Listing.warm(tree.content());
        Trial.Setting setting = new Trial.Setting(
                target,
                Files.getFileStore(out).type(),
                roundTripMillis,
                shape.scale(),
                source.files().size(),
                source.folders(),
                source.bytes());
        try (DelayProxy proxy = new DelayProxy(sshd.port(), Duration.ofMillis(roundTripMillis))) {
            int port = roundTripMillis == 0 ? sshd.port() : proxy.port();
            Path knownHosts = Files.writeString(work.resolve("known_hosts"), sshd.knownHost(port));
            for (int repetition = 1; repetition <= repetitions; repetition++) {
                List<Contender> turn = new ArrayList<>(contenders);
                Collections.rotate(turn, 1 - repetition);
                for (Contender one : turn) {
                    if (stoppedAt.getOrDefault(one.name(), Integer.MAX_VALUE) > roundTripMillis) {
                        Path folder = out.resolve(one.name());
                        Contender.Job job =
                                new Contender.Job(port, tree.content(), sshd.loginKey(), knownHosts, folder);
                        both(one, job, setting, repetition, source);
                    }
                }
            }
        }
        Listing.remove(out);
    }

    private void both(Contender one, Contender.Job job, Trial.Setting setting, int repetition, Listing source)
            throws IOException, InterruptedException {
        Listing.remove(job.folder());
        Files.createDirectories(job.folder());
        one.prepare(job);
        Trial first = measure(one, job, setting, true, repetition, source);
        if (first.isStopped()) {
            stoppedAt.merge(one.name(), setting.roundTripMillis(), Math::min);
        } else if (first.counts() && one.looksAtWhatIsThere()) {
            measure(one, job, setting, false, repetition, source);
        }
        Listing.remove(job.folder());
    }

    private Trial measure(
            Contender one, Contender.Job job, Trial.Setting setting, boolean first, int repetition, Listing source)
            throws IOException, InterruptedException {
        sync();
        Path log = work.resolve("logs/" + one.name() + ".log");
        OptionalDouble before = sshd.cpuSeconds();
        Measured measured = Measured.run(one.command(job), log, limit);
        double syncSeconds = sync();
        OptionalDouble after = sshd.cpuSeconds();
        @Nullable
        Double server = before.isPresent() && after.isPresent() ? after.getAsDouble() - before.getAsDouble() : null;
        String fault = measured.exit() == null
                ? null
                : fault(one, job, measured.exit(), log, source).orElse(null);
        Trial trial = new Trial(setting, one.name(), first, repetition, measured, server, syncSeconds, fault);
        ledger.add(trial);
        say(String.format(
                Locale.ROOT,
                "%s (%s), %d ms, %d of %d, %s %s: %s",
                setting.target(),
                setting.fileSystem(),
                setting.roundTripMillis(),
                repetition,
                repetitions,
                one.name(),
                first ? "first" : "second",
                fault != null
                        ? "FAILED: " + fault
                        : String.format(
                                Locale.ROOT,
                                "%s%.2f s",
                                trial.isStopped() ? "stopped after " : "",
                                measured.seconds())));
        return trial;
    }

    private static Optional<String> fault(Contender one, Contender.Job job, int exit, Path log, Listing source)
            throws IOException {
        if (exit != 0) {
            return Optional.of("exit code " + exit + ": " + Tools.tail(log));
        }
        try {
            String said = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
            return source.difference(Listing.of(one.result(job, said)));
        } catch (BenchException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Waits until all that was written is on the disk; returns the seconds. */
    private static double sync() throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Tools.run(List.of("sync"));
        return (System.nanoTime() - begin) / 1e9;
    }

    private static void say(String text) {
        System.err.println(text);
    }
}
