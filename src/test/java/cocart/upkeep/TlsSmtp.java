package cocart.upkeep;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A mail server with TLS from the first byte, or by STARTTLS, and a certificate of its own making. */
final class TlsSmtp implements AutoCloseable {

    /** How it speaks TLS. */
    enum Kind {
        SMTPS,
        STARTTLS,
        /** Not at all. */
        NONE
    }

    /** What came, line by line; a mail is the lines up to a dot. */
    final List<String> got = new CopyOnWriteArrayList<>();
    /** Lines that came before TLS. */
    final List<String> plain = new CopyOnWriteArrayList<>();

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Kind kind;
    private final SSLContext tls = SSLContext.getInstance("TLS");

    /** @param keys a PKCS 12 file of {@link #certificate} */
    TlsSmtp(Kind kind, Path keys) throws Exception {
        this.kind = kind;
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(keys)) {
            store.load(in, "changeit".toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, "changeit".toCharArray());
        tls.init(managers.getKeyManagers(), null, null);
        Thread thread = new Thread(() -> {
            while (!server.isClosed()) {
                try (Socket client = server.accept()) {
                    talk(client);
                } catch (IOException e) {
                    // it hung up; the next one
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Makes a key with a self-signed certificate for a name; the file serves as a trust store too. */
    static Path certificate(Path file, String names) throws Exception {
        return certificate(file, names, "EC");
    }

    /** The same with a key of another kind: EC or RSA. */
    static Path certificate(Path file, String names, String kind) throws Exception {
        Process made = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "mail",
                        "-keyalg",
                        kind,
                        "-dname",
                        "CN=mail",
                        "-ext",
                        "SAN=" + names,
                        "-validity",
                        "2",
                        "-keystore",
                        file.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "changeit")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (made.waitFor() != 0) {
            throw new IOException("keytool did not make " + file);
        }
        return file;
    }

    private void talk(Socket client) throws IOException {
        if (kind == Kind.SMTPS) {
            greet(tls(client), true);
        } else {
            greet(client, false);
        }
    }

    private SSLSocket tls(Socket client) throws IOException {
        SSLSocket over = (SSLSocket) tls.getSocketFactory().createSocket(client, null, true);
        over.setUseClientMode(false);
        over.startHandshake();
        return over;
    }

    private void greet(Socket client, boolean safe) throws IOException {
        say(client, "220 mail ready");
        serve(client, safe);
    }

    private void serve(Socket client, boolean safe) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        boolean data = false;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            (safe ? got : plain).add(line);
            if (data) {
                data = !line.equals(".");
                if (!data) {
                    say(client, "250 taken");
                }
            } else if (line.startsWith("EHLO")) {
                say(client, "250-mail");
                say(client, kind == Kind.STARTTLS && !safe ? "250 STARTTLS" : "250 AUTH PLAIN");
            } else if (line.equals("STARTTLS")) {
                say(client, "220 go on");
                serve(tls(client), true);
                return;
            } else if (line.startsWith("AUTH PLAIN ")) {
                say(client, "235 welcome");
            } else if (line.equals("DATA")) {
                data = true;
                say(client, "354 go on");
            } else {
                say(client, line.equals("QUIT") ? "221 bye" : "250 fine");
            }
        }
    }

    private static void say(Socket client, String line) throws IOException {
        client.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    int port() {
        return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
