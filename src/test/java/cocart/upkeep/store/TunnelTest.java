package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedSftp;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.net.SshdSocketAddress;
import org.apache.sshd.server.forward.AcceptAllForwardingFilter;
import org.apache.sshd.server.forward.ForwardingFilter;
import org.apache.sshd.server.forward.RejectAllForwardingFilter;
import org.apache.sshd.server.forward.StaticDecisionForwardingFilter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database that is reached through the store's SFTP login, on a real SSH server and a real MariaDB. */
class TunnelTest {

    private static final String PASSWORD = "ge\"heim #'x\\";

    private static final String LOGIN = "password=RAW(s3cret!)";

    @TempDir
    Path folder;

    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private Path home;
    private EmbeddedSftp server;

    @BeforeEach
    void start() throws Exception {
        home = Files.createDirectories(folder.resolve("home"));
        server = new EmbeddedSftp(folder, folder.resolve("host-key"), 0, "s3cret!", List.of());
        server.trustIn(home.resolve("config/known_hosts"));
        forward(AcceptAllForwardingFilter.INSTANCE);
        TestServers.mariadb().create("tunnelled", "tunnelled", PASSWORD);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void everythingGoesThroughOneSessionUntilItIsClosed() throws Exception {
        int port;
        try (StoreDatabase database = open(address("127.0.0.1", databasePort(), null))) {
            port = database.address().port();
            assertThat(port).isNotEqualTo(TestServers.mariadb().port());
            assertThat(database.address().host()).isEqualTo("127.0.0.1");
            try (Connection one = database.connect();
                    Connection two = database.connectForLong()) {
                assertThat(scalar(one, "SELECT DATABASE()")).isEqualTo("tunnelled");
                String large = scalar(two, "SELECT REPEAT('x', 10000000)");
                assertThat(large).hasSize(10_000_000);
                assertThat(scalar(one, "SELECT LENGTH('" + "y".repeat(3_000_000) + "')"))
                        .isEqualTo("3000000");
                assertThat(server.server().getActiveSessions()).hasSize(1);
            }
            assertThat(asked)
                    .isNotEmpty()
                    .containsOnly("127.0.0.1:" + TestServers.mariadb().port());
        }
        assertNothingIsLeft(port);
    }

    @Test
    void theNameOfTheHostIsLookedUpThere() throws Exception {
        try (StoreDatabase database = open(address("localhost", databasePort(), null));
                Connection connection = database.connect()) {
            assertThat(scalar(connection, "SELECT 1")).isEqualTo("1");
            assertThat(asked).containsOnly("localhost:" + TestServers.mariadb().port());
        }
    }

    @Test
    void thePortIsOnThisMachineOnly() throws Exception {
        try (StoreDatabase database = open(address("127.0.0.1", databasePort(), null))) {
            for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                for (InetAddress other : Collections.list(each.getInetAddresses())) {
                    if (!other.getHostAddress().equals("127.0.0.1")) {
                        assertThatThrownBy(
                                        () -> connect(other, database.address().port()))
                                .as("%s", other)
                                .isInstanceOf(java.io.IOException.class);
                    }
                }
            }
        }
    }

    @Test
    void aServerThatForwardsNothingIsSaidWithWhatToDo() {
        forward(RejectAllForwardingFilter.INSTANCE);
        StoreException error = fault(address("127.0.0.1", databasePort(), null));
        assertThat(error.isPermanent()).isTrue();
        assertThat(error)
                .hasMessageContainingAll(
                        "store acme: ",
                        "does not let the user deploy reach the database at 127.0.0.1:" + databasePort(),
                        "AllowTcpForwarding",
                        "upkeep.store.acme.database.tunnel");
    }

    @Test
    void aDatabaseThatIsDownIsSaidAsSeenFromThere() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        StoreException error = fault(address("127.0.0.1", free, null));
        assertThat(error.isPermanent()).isFalse();
        assertThat(error)
                .hasMessageContaining("nothing answers at 127.0.0.1:" + free + " as seen from 127.0.0.1; is the");
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsNotWaitedForForEver() {
        CountDownLatch over = new CountDownLatch(1);
        forward(new StaticDecisionForwardingFilter(true) {
            @Override
            protected boolean checkAcceptance(String request, Session session, SshdSocketAddress target) {
                try {
                    over.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return true;
            }
        });
        assertThatThrownBy(() -> open(LOGIN + "&connectTimeout=1000", address("127.0.0.1", databasePort(), null)))
                .hasMessageContaining("127.0.0.1 got no answer within 1 s from 127.0.0.1:" + databasePort());
        over.countDown();
    }

    @Test
    void aWrongPasswordIsSaidAsSeenFromThere() {
        DatabaseAddress address =
                new DatabaseAddress("127.0.0.1", databasePort(), null, "tunnelled", "tunnelled", "wr0ng", "wp_", null);
        assertThat(fault(address))
                .hasMessageContaining("the database at 127.0.0.1:" + databasePort()
                        + " as seen from 127.0.0.1 does not let the user tunnelled in")
                .hasMessageNotContaining("wr0ng");
    }

    @Test
    void aWrongLoginIsSaidAsForFiles() {
        assertThatThrownBy(() -> open("password=RAW(gue$$)", address("127.0.0.1", databasePort(), null)))
                .isInstanceOf(StoreException.class)
                .hasMessageContainingAll("does not let the user deploy in", "upkeep.store.acme.files");
        assertNothingIsLeft(0);
    }

    @Test
    void aServerThatCannotForwardASocketLeadsToPort3306() {
        assertThat(fault(address("127.0.0.1", 3306, "/run/no-such.sock")))
                .hasMessageContaining("127.0.0.1:3306")
                .hasMessageContaining("as seen from 127.0.0.1");
        assertThat(asked).contains("127.0.0.1:3306");
    }

    @Test
    void aSessionThatDiesEndsTheQueryAndTheNextConnectionHasANewOne() throws Exception {
        try (StoreDatabase database = open(address("127.0.0.1", databasePort(), null))) {
            int port = database.address().port();
            ExecutorService threads = Executors.newSingleThreadExecutor();
            try (Connection connection = database.connectForLong()) {
                String id = scalar(connection, "SELECT CONNECTION_ID()");
                Future<String> query = threads.submit(() -> scalar(connection, "SELECT SLEEP(60)"));
                await().until(() -> isRunning(id));
                for (Session session : server.server().getActiveSessions()) {
                    session.close(true);
                }
                assertThatThrownBy(query::get).hasCauseInstanceOf(SQLException.class);
            } finally {
                threads.shutdownNow();
            }
            await().until(() -> server.server().getActiveSessions().isEmpty());
            try (Connection connection = database.connect()) {
                assertThat(scalar(connection, "SELECT 1")).isEqualTo("1");
            }
            assertThat(database.address().port()).isEqualTo(port);

            server.close();
            StoreException error = catchThrowableOfType(StoreException.class, database::connect);
            assertThat(error.isPermanent()).isFalse();
            assertThat(error).hasMessageContaining("nothing listens at 127.0.0.1:");
        }
    }

    /** Else another user of this machine could put a server of theirs there and be told the login. */
    @Test
    void thePortStaysOursWhenTheSessionIsLost() throws Exception {
        try (StoreDatabase database = open(address("127.0.0.1", databasePort(), null))) {
            server.close();
            try (ServerSocket other = new ServerSocket()) {
                assertThatThrownBy(() -> other.bind(new InetSocketAddress(
                                "127.0.0.1", database.address().port())))
                        .isInstanceOf(java.net.BindException.class);
            }
            try (Socket socket = connect(
                    InetAddress.getByName("127.0.0.1"), database.address().port())) {
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void fiftyTunnelsLeaveNothingBehind() throws Exception {
        DefaultCamelContext context = new DefaultCamelContext();
        for (int i = 0; i < 50; i++) {
            StoreDatabase database = open(context, LOGIN, address("127.0.0.1", databasePort(), null));
            Connection connection = database.connect();
            assertThat(scalar(connection, "SELECT 1")).isEqualTo("1");
            database.close(); // before its connection, as after an error
        }
        assertNothingIsLeft(0);
    }

    private void assertNothingIsLeft(int port) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            assertThat(server.server().getActiveSessions()).isEmpty();
            assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("upkeep tunnel") || name.startsWith("Connect thread "));
        });
        if (port != 0) {
            assertThatThrownBy(() -> connect(InetAddress.getByName("127.0.0.1"), port))
                    .isInstanceOf(ConnectException.class);
        }
    }

    private static Socket connect(InetAddress address, int port) throws java.io.IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(address, port), 2000);
        return socket;
    }

    private static boolean isRunning(String id) throws Exception {
        try (Connection root = TestServers.mariadb().administrator()) {
            return "1"
                    .equals(scalar(
                            root,
                            "SELECT COUNT(*) FROM information_schema.processlist WHERE id = " + id
                                    + " AND info LIKE 'SELECT SLEEP%'"));
        }
    }

    private static int databasePort() {
        try {
            return TestServers.mariadb().port();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private StoreException fault(DatabaseAddress address) {
        StoreException error = catchThrowableOfType(StoreException.class, () -> open(address));
        assertThat(error.getMessage()).doesNotContain("Exception", "s3cret!", PASSWORD);
        assertNothingIsLeft(0);
        return error;
    }

    private StoreDatabase open(DatabaseAddress address) {
        return open(LOGIN, address);
    }

    private StoreDatabase open(String options, DatabaseAddress address) {
        return open(new DefaultCamelContext(), options, address);
    }

    private StoreDatabase open(DefaultCamelContext context, String options, DatabaseAddress address) {
        return new StoreFilesFactory(context, home)
                .database(SftpServers.store("sftp:deploy@127.0.0.1:" + server.port() + "/?" + options), address);
    }

    private static DatabaseAddress address(String host, int port, String socket) {
        return new DatabaseAddress(host, port, socket, "tunnelled", "tunnelled", PASSWORD, "wp_", null);
    }

    private static String scalar(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    private void forward(ForwardingFilter filter) {
        server.server().setForwardingFilter(new Noting(filter));
    }

    private final class Noting extends StaticDecisionForwardingFilter {

        private final ForwardingFilter filter;

        Noting(ForwardingFilter filter) {
            super(false);
            this.filter = filter;
        }

        @Override
        public boolean canConnect(Type type, SshdSocketAddress address, Session session) {
            asked.add(address.getHostName() + ":" + address.getPort());
            return filter.canConnect(type, address, session);
        }
    }
}
