package cocart.upkeep.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A program that copies a store's wp-content over SFTP. */
interface Contender {

    /**
     * What is copied from where to where.
     *
     * @param port of 127.0.0.1, where the server is reached
     * @param content the store's wp-content, as the server and this machine see it
     * @param key private key of the login
     * @param knownHosts file that holds the server's key
     * @param folder all that is written goes there; empty before the first run
     */
    record Job(int port, Path content, Path key, Path knownHosts, Path folder) {}

    String name();

    /** What it says of itself, or empty if it is not installed. */
    Optional<String> version() throws InterruptedException;

    /** False if a run over an earlier result does the same work again. */
    boolean looksAtWhatIsThere();

    /** Makes what a first run needs, outside the measured time. */
    void prepare(Job job) throws IOException, InterruptedException;

    /** The command that copies, first and again. */
    List<String> command(Job job);

    /**
     * Where wp-content has come to lie after a run.
     *
     * @param said what the program said
     * @throws BenchException if there is no finished result
     */
    Path result(Job job, String said) throws IOException;
}
