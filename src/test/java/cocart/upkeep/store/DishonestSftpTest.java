package cocart.upkeep.store;

import static cocart.upkeep.store.TreeSftp.FILE;
import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.store.TreeSftp.Node;
import cocart.upkeep.store.TreeSftp.Tree;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that pass off one thing for another: what cannot be known to be whole is no file. */
class DishonestSftpTest {

    @TempDir
    Path folder;

    /** A file that grew since it was listed, or was replaced by a longer one, would look whole and be cut off. */
    @ParameterizedTest(name = "{0} bytes listed, 100 are there")
    @ValueSource(longs = {99, 1, 0, -1, Long.MIN_VALUE})
    void aFileThatIsLongerThanListedIsNotCutOffUnsaid(long listed) throws Exception {
        Tree lying = new Tree() {
            @Override
            public Iterator<Node> list(String folder) {
                return java.util.List.of(new Node("liar", FILE, listed), new Node("file", FILE, 100))
                        .iterator();
            }

            @Override
            public byte[] content(String file) {
                return "x".repeat(100).getBytes();
            }
        };
        try (TreeSftp server = server(lying);
                StoreFiles files = open(server)) {
            Set<String> changed = new HashSet<>();
            Visited visited = new Visited() {
                @Override
                public void changed(FileEntry entry) {
                    changed.add(entry.path());
                }
            };
            files.walk("wp-content", visited);
            assertThat(visited.content).containsKey("file");
            if (!visited.failed.containsKey("liar") && !changed.contains("liar")) {
                assertThat(visited.content.get("liar")).hasSize(100);
            }
        }
    }

    /** As OpenSSH answers when its process may open no more files. */
    @Test
    void opensThatFailBecauseTooManyAreOpenAreAskedAgain() throws Exception {
        try (TreeSftp server = server(folder -> IntStream.range(0, 200)
                .mapToObj(i -> new Node("f" + i, FILE, 3))
                .iterator())) {
            server.mostHandles = 3;
            try (StoreFiles files = open(server)) {
                Visited visited = Visited.of(files, "wp-content");
                assertThat(visited.failed).isEmpty();
                assertThat(visited.content).hasSize(200);
                assertThat(server.refused.get()).as("the limit was met").isPositive();
            }
        }
    }

    /** As Apache MINA SSHD 2.16 does after an open that failed; two files would have one content. */
    @Test
    void aHandleThatIsGivenTwiceIsNotTrusted() throws Exception {
        Tree numbers = new Tree() {
            @Override
            public Iterator<Node> list(String folder) {
                return IntStream.range(0, 10)
                        .mapToObj(i -> new Node("f" + i, FILE, 2))
                        .iterator();
            }

            @Override
            public byte[] content(String file) {
                return file.getBytes();
            }
        };
        try (TreeSftp server = server(numbers)) {
            server.oneHandle = true;
            try (StoreFiles files = open(server)) {
                Visited visited = Visited.of(files, "wp-content");
                visited.content.forEach(
                        (name, bytes) -> assertThat(bytes).asString().isEqualTo(name));
            } catch (StoreException e) {
                assertThat(e).hasMessageStartingWith("store acme: ");
            }
        }
    }

    private TreeSftp server(Tree tree) throws Exception {
        TreeSftp server = new TreeSftp(folder.resolve("host-key"), tree);
        server.trustIn(folder.resolve("home/config/known_hosts"));
        return server;
    }

    private StoreFiles open(TreeSftp server) {
        return SftpServers.open(
                folder.resolve("home"),
                "sftp:deploy@127.0.0.1:" + server.port() + "/?password=x&soTimeout=5000&serverAliveInterval=0");
    }
}
