package cocart.upkeep.bench;

import cocart.upkeep.demo.EmbeddedMariaDb;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code bin/upkeep backup}, as a user runs it: JVM start, state database, the dump of an empty database and sealing
 * included.
 *
 * @param bundle the runnable bundle, {@code target/cocart-upkeep}
 * @param database a server with the empty database {@code bench}
 * @param extra lines for {@code application.properties}, to try settings out
 */
record Ours(Path bundle, EmbeddedMariaDb database, List<String> extra) implements Contender {

    static final String NAME = "upkeep";
    private static final String STORE = "bench";
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Optional<String> version() {
        return Files.isExecutable(program()) ? Optional.of("this build") : Optional.empty();
    }

    @Override
    public boolean looksAtWhatIsThere() {
        return true;
    }

    private Path program() {
        return bundle.resolve("bin/upkeep");
    }

    private static Path home(Job job) {
        return job.folder().resolve("home");
    }

    @Override
    public void prepare(Job job) throws IOException, InterruptedException {
        Path home = home(job);
        Path config = home.resolve("config");
        Files.createDirectories(config);
        Tools.run(List.of("cp", "-R", bundle.resolve("routes").toString(), home.toString()));
        Tools.run(List.of("cp", "-R", bundle.resolve("config/updates").toString(), config.toString()));
        Files.copy(job.knownHosts(), config.resolve("known_hosts"));
        Files.writeString(config.resolve("application.properties"), """
                upkeep.stores = %1$s
                upkeep.store.%1$s.files = sftp:%2$s@127.0.0.1:%3$d%4$s?privateKeyFile=%5$s
                upkeep.store.%1$s.database.url = %9$s
                upkeep.store.%1$s.database.username = bench
                upkeep.store.%1$s.database.password = bench
                upkeep.store.%1$s.database.prefix = wp_
                upkeep.backup.directory = %6$s
                upkeep.backup.dump-program = %7$s
                %8$s
                """.formatted(
                        STORE,
                        Tools.user(),
                        job.port(),
                        job.content().getParent(),
                        job.key(),
                        job.folder().resolve("backups"),
                        database.program("mariadb-dump"),
                        String.join("\n", extra),
                        database.url("bench")));
    }

    @Override
    public List<String> command(Job job) {
        return List.of(program().toString(), "--home", home(job).toString(), "backup", STORE);
    }

    /** The newest snapshot, if it is sealed and has nothing that could not be read. */
    @Override
    public Path result(Job job, String said) throws IOException {
        Path newest;
        try (Stream<Path> snapshots = Files.list(job.folder().resolve("backups/snapshots/" + STORE))) {
            newest = snapshots
                    .max(Comparator.comparing(path -> path.getFileName().toString()))
                    .orElseThrow(() -> new BenchException("there is no snapshot"));
        }
        List<String> lines = Files.readAllLines(newest.resolve("manifest.jsonl"));
        JsonNode last = JSON.readTree(lines.get(lines.size() - 1));
        if (!last.hasNonNull("sealed") || last.path("partial").asLong() != 0 || !said.contains(newest.toString())) {
            throw new BenchException("the snapshot " + newest + " is not sealed or not whole: " + last);
        }
        return newest.resolve("wp-content");
    }
}
