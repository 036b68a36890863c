package cocart.upkeep.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A tool that people know, with the options that the benchmark's task names. */
record Peer(String name, List<String> versionCommand, boolean looksAtWhatIsThere, Function<Job, List<String>> copy)
        implements Contender {

    static Peer lftp() {
        return new Peer(
                "lftp",
                List.of("lftp", "--version"),
                true,
                job -> List.of(
                        "lftp",
                        "--norc",
                        "-c",
                        "set cmd:fail-exit yes; set net:max-retries 2; set sftp:auto-confirm no;"
                                + " set sftp:connect-program \"ssh -a -x " + String.join(" ", ssh(job)) + "\";"
                                + " open -u " + Tools.user() + ", -p " + job.port() + " sftp://127.0.0.1;"
                                + " mirror --parallel=8 " + job.content() + " " + copied(job)));
    }

    static Peer rclone() {
        return new Peer(
                "rclone",
                List.of("rclone", "version"),
                true,
                job -> List.of(
                        "rclone",
                        "copy",
                        "--config",
                        "",
                        "--transfers",
                        "8",
                        "--sftp-disable-hashcheck",
                        "--sftp-shell-type",
                        "none",
                        "--sftp-host",
                        "127.0.0.1",
                        "--sftp-port",
                        String.valueOf(job.port()),
                        "--sftp-user",
                        Tools.user(),
                        "--sftp-key-file",
                        job.key().toString(),
                        "--sftp-known-hosts-file",
                        job.knownHosts().toString(),
                        ":sftp:" + job.content(),
                        copied(job).toString()));
    }

    static Peer sftp() {
        return new Peer("sftp", List.of("ssh", "-V"), false, job -> {
            List<String> command = new ArrayList<>(List.of("sftp", "-r", "-P", String.valueOf(job.port())));
            command.addAll(ssh(job));
            command.add(Tools.user() + "@127.0.0.1:" + job.content());
            command.add(job.folder().toString());
            return command;
        });
    }

    private static List<String> ssh(Job job) {
        return List.of(
                "-F",
                "none",
                "-i",
                job.key().toString(),
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "BatchMode=yes",
                "-o",
                "UserKnownHostsFile=" + job.knownHosts());
    }

    private static Path copied(Job job) {
        return job.folder().resolve("wp-content");
    }

    @Override
    public Optional<String> version() throws InterruptedException {
        if (Tools.path(name).isEmpty()) {
            return Optional.empty();
        }
        try {
            return Tools.run(versionCommand).lines().findFirst();
        } catch (IOException | BenchException e) {
            return Optional.empty();
        }
    }

    @Override
    public void prepare(Job job) {
        // the tool makes its target folder itself
    }

    @Override
    public List<String> command(Job job) {
        return copy.apply(job);
    }

    @Override
    public Path result(Job job, String said) {
        return copied(job);
    }
}
