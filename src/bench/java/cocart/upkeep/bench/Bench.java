package cocart.upkeep.bench;

import cocart.upkeep.demo.EmbeddedMariaDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The backup benchmark's command line; see README, "How fast". */
@Command(
        name = "bench",
        description = "Backs up a made shop over SFTP, with ours and with the tools that people know.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true)
public final class Bench implements Callable<Integer> {

    private static final int FAR_MILLIS = 50;

    @Option(names = "--work", description = "Folder for the made shop, sshd's files and logs.")
    Path work = Path.of("target/bench/work");

    @Option(
            names = "--target",
            split = ",",
            description = "Folders to back up into; default: target/bench/out, and /dev/shm where that is.")
    List<Path> targets = new ArrayList<>();

    @Option(names = "--round-trips", split = ",", description = "Milliseconds; 0 is without the proxy.")
    List<Integer> roundTrips = List.of(0, 20, 100);

    @Option(names = "--repetitions", description = "How often each is run.")
    int repetitions = 3;

    @Option(names = "--scale", description = "Size of the shop; 1 is 20,101 files in 1,600 folders, about 530 MB.")
    double scale = 1;

    @Option(names = "--quarter", description = "The same as --scale 0.25.")
    boolean quarter;

    @Option(
            names = "--far-scale",
            description = "Size of the shop at round trips above " + FAR_MILLIS + " ms; never more than --scale.")
    double farScale = 0.25;

    @Option(names = "--seed", description = "Of the made shop.")
    long seed = 1;

    @Option(names = "--tools", split = ",", description = "Which are run, of upkeep, lftp, rclone and sftp.")
    List<String> tools = List.of(Ours.NAME, "lftp", "rclone", "sftp");

    @Option(
            names = "--limit",
            description = "Seconds after which a run is stopped and told as \"> N\"; that tool is then left out at this"
                    + " and longer round trips.")
    int limit = 600;

    @Option(names = "--bundle", description = "The runnable bundle.")
    Path bundle = Path.of("target/cocart-upkeep");

    @Option(
            names = "--set",
            description = "A line for application.properties, for example upkeep.backup.connections=1.")
    List<String> settings = new ArrayList<>();

    @Option(names = "--json", description = "File for the result as JSON.")
    Path json = Path.of("target/bench/backup.json");

    public static void main(String[] arguments) {
        CommandLine line = new CommandLine(new Bench());
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            if (e instanceof BenchException) {
                command.getErr().println("bench: " + e.getMessage());
                return 2;
            }
            throw e;
        });
        System.exit(line.execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Path folder = work.toAbsolutePath().normalize();
        if (!folder.toString().matches("[A-Za-z0-9/._+-]+")) {
            throw new BenchException("the work folder " + folder
                    + " must have a plain path, as it stands in other programs' settings; choose another with --work");
        }
        Files.createDirectories(folder.resolve("logs"));
        // one that is left from before has another password
        Tools.run(List.of("rm", "-rf", folder.resolve("mariadb").toString()));
        try (EmbeddedMariaDb database = new EmbeddedMariaDb(folder.resolve("mariadb"));
                AtEnd stop = new AtEnd(database::close)) {
            database.create("bench", "bench", "bench");
            return measure(folder, contenders(database));
        }
    }

    private int measure(Path folder, List<Contender> contenders) throws Exception {
        Report report = new Report(
                about(contenders), contenders.stream().map(Contender::name).toList());
        List<Trial> trials = new ArrayList<>();
        try (Sshd sshd = Sshd.start(folder.resolve("sshd"));
                AtEnd stop = new AtEnd(sshd::close)) {
            Course course = new Course(sshd, folder, contenders, repetitions, Duration.ofSeconds(limit), trial -> {
                trials.add(trial);
                report.write(json, trials);
            });
            for (Path target : targets()) {
                for (int roundTrip : roundTrips) {
                    double size = quarter ? 0.25 : scale;
                    double here = roundTrip > FAR_MILLIS ? Math.min(size, farScale) : size;
                    course.run(target, roundTrip, new ShopTree.Shape(here, seed));
                }
            }
        }
        report.print(System.out, trials);
        System.out.println("\nAs JSON, with each single run: " + json);
        return trials.stream().allMatch(Trial::counts) ? 0 : 1;
    }

    private List<Path> targets() {
        if (!targets.isEmpty()) {
            return targets;
        }
        Path memory = Path.of("/dev/shm");
        return Files.isWritable(memory)
                ? List.of(memory, Path.of("target/bench/out"))
                : List.of(Path.of("target/bench/out"));
    }

    private List<Contender> contenders(EmbeddedMariaDb database) {
        List<Contender> all = List.of(
                new Ours(bundle.toAbsolutePath().normalize(), database, settings),
                Peer.lftp(),
                Peer.rclone(),
                Peer.sftp());
        List<String> names = all.stream().map(Contender::name).toList();
        if (!names.containsAll(tools)) {
            throw new BenchException("--tools knows only " + String.join(", ", names));
        }
        return all.stream().filter(one -> tools.contains(one.name())).toList();
    }

    private Map<String, String> about(List<Contender> contenders) throws IOException, InterruptedException {
        Map<String, String> about = new LinkedHashMap<>();
        Runtime runtime = Runtime.getRuntime();
        about.put(
                "machine",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch") + ", " + runtime.availableProcessors() + " processors"
                        + memory());
        about.put("Java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        about.put("server", Tools.run(List.of("ssh", "-V")).strip() + ", internal-sftp, on 127.0.0.1");
        for (Contender one : contenders) {
            about.put(one.name(), one.version().orElse("MISSING: not installed, so not measured"));
        }
        about.put(
                "what is compared",
                "wp-content: the tools copy no database, so upkeep's is an empty one. upkeep's time is that of bin/upkeep"
                        + " with the start of its JVM, its state database, the dump, checksums, manifest and sync; the"
                        + " tools do not sync");
        about.put(
                "round trips",
                "by a proxy that delays each byte by half of it in each direction and limits nothing else; 0 ms is the"
                        + " server itself, without the proxy");
        about.put(
                "second run",
                "over the unchanged result of the first; sftp -r has none, as it would fetch everything again");
        about.put(
                "figures",
                "medians of " + repetitions + " runs, tools in turn, each first after a sync with the source in the"
                        + " page cache; x ours: median of the ratios within each repetition; MB: 10^6 bytes");
        about.put("parameters", "repetitions " + repetitions + ", limit " + limit + " s, seed " + seed);
        if (!settings.isEmpty()) {
            about.put("settings", String.join(", ", settings));
        }
        return about;
    }

    private static String memory() throws IOException {
        Path file = Path.of("/proc/meminfo");
        if (Files.notExists(file)) {
            return "";
        }
        try (Stream<String> lines = Files.lines(file)) {
            Optional<String> total =
                    lines.filter(line -> line.startsWith("MemTotal")).findFirst();
            return total.map(line -> ", " + (Long.parseLong(line.replaceAll("[^0-9]", "")) >> 20) + " GiB memory")
                    .orElse("");
        }
    }
}
