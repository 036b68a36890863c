package cocart.upkeep.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
import java.util.concurrent.locks.LockSupport;
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
        ShopTree tree = ShopTree.in(work, shape);
        Listing source = listings.get(tree.root());
        if (source == null) {
            source = Listing.of(tree.content());
            listings.put(tree.root(), source);
            say("the shop is in " + tree.root());
        }
        Path out = target.toAbsolutePath().normalize().resolve("upkeep-bench");
        Files.createDirectories(out);
        try (AtEnd cleaning = new AtEnd(() -> removeAfterAnEnd(out))) {
            run(target, out, roundTripMillis, shape, tree, source);
        } finally {
            Listing.remove(out);
        }
    }

    private void run(Path target, Path out, int roundTripMillis, ShopTree.Shape shape, ShopTree tree, Listing source)
            throws IOException, InterruptedException {
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
    }

    /** A target may be memory, so nothing stays there when somebody ends the benchmark; its tools end meanwhile. */
    private static void removeAfterAnEnd(Path out) {
        for (int i = 0; i < 20 && Files.exists(out); i++) {
            try {
                Listing.remove(out);
            } catch (IOException e) {
                LockSupport.parkNanos(100_000_000);
            }
        }
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
        double othersBefore = othersSeconds();
        Measured measured = Measured.run(one.command(job), log, limit);
        double others = othersSeconds() - othersBefore;
        double syncSeconds = sync();
        OptionalDouble after = sshd.cpuSeconds();
        @Nullable
        Double server = before.isPresent() && after.isPresent() ? after.getAsDouble() - before.getAsDouble() : null;
        String fault = measured.exit() == null
                ? null
                : fault(one, job, measured.exit(), log, source, first && repetition == 1)
                        .orElse(null);
        Trial trial = new Trial(
                setting,
                one.name(),
                first,
                repetition,
                measured,
                server,
                syncSeconds,
                server == null || measured.cpuSeconds() == null
                        ? null
                        : Math.max(0, others - server - measured.cpuSeconds()),
                fault);
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

    /** Processor time of all but this process, which is the proxy. */
    private static double othersSeconds() {
        double own = ProcStat.of(ProcessHandle.current().pid())
                .map(ProcStat::ownSeconds)
                .orElse(0.0);
        return ProcStat.machineSeconds().orElse(0.0) - own;
    }

    private static Optional<String> fault(
            Contender one, Contender.Job job, int exit, Path log, Listing source, boolean everyByte)
            throws IOException {
        if (exit != 0) {
            return Optional.of("exit code " + exit + ": " + Tools.tail(log));
        }
        try {
            String said = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
            Path copy = one.result(job, said);
            Optional<String> difference = source.difference(Listing.of(copy));
            return difference.isEmpty() && everyByte ? source.unequal(job.content(), copy) : difference;
        } catch (BenchException | NoSuchFileException e) {
            return Optional.of(e instanceof BenchException ? e.getMessage() : e.getMessage() + " is missing");
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
