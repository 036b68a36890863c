package cocart.upkeep.store;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An FTP server that lists any lines and answers as badly as a test wants. Its tree: {@code /} holds the folder
 * {@code wp-content} with the files of {@link #files}, and nothing else.
 */
final class ScriptedFtp implements AutoCloseable {

    /** How a file answers when it is read. */
    enum Manner {
        HONEST,
        DENIED,
        CUT_SHORT,
        TOO_MUCH,
        ENDLESS,
        SILENT,
        HANGS_UP,
        HANGS_UP_ONCE,
        CHANGES_AND_HANGS_UP,
        ENDLESS_REPLY,
        NO_DATA
    }

    record Scripted(byte[] content, Manner manner) {}

    /** Names as bytes (in ISO 8859-1), in the order in which they are listed. */
    final Map<String, Scripted> files = new LinkedHashMap<>();

    /** Lines of the listing before the files. */
    volatile String lines = "";

    /** The listing goes on for ever. */
    volatile boolean endless;

    /** True to list by LIST and know no features. */
    volatile boolean old;

    /** The line that greets. */
    volatile String greeting = "220 ready";

    /** What is answered to PASS. */
    volatile String pass = "230 in";

    /** What SYST says. */
    volatile String system = "UNIX Type: L8";

    final AtomicInteger logins = new AtomicInteger();

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final AtomicInteger hangUps = new AtomicInteger();

    ScriptedFtp() throws IOException {
        Thread accept = new Thread(() -> {
            while (!server.isClosed()) {
                try {
                    Socket client = server.accept();
                    Thread talk = new Thread(() -> talk(client));
                    talk.setDaemon(true);
                    talk.start();
                } catch (IOException e) {
                    return;
                }
            }
        });
        accept.setDaemon(true);
        accept.start();
    }

    /** Adds a file; characters of the name are its bytes. */
    ScriptedFtp file(String name, String content, Manner manner) {
        files.put(name, new Scripted(content.getBytes(StandardCharsets.ISO_8859_1), manner));
        return this;
    }

    int port() {
        return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    private void talk(Socket client) {
        try (client;
                ServerSocket data = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
            OutputStream out = client.getOutputStream();
            say(out, greeting);
            long offset = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ", 2);
                String argument = words.length > 1 ? words[1] : "";
                switch (words[0]) {
                    case "USER" -> say(out, "331 password");
                    case "PASS" -> {
                        logins.incrementAndGet();
                        say(out, pass);
                    }
                    case "TYPE", "NOOP" -> say(out, "200 ok");
                    case "SYST" -> say(out, "215 " + system);
                    case "FEAT" ->
                        say(out, old ? "502 what?" : "211-Features\r\n MLST type*;size*;modify*;\r\n211 End");
                    case "CWD" ->
                        say(
                                out,
                                argument.equals("/") || argument.equals("/wp-content")
                                        ? "250 ok"
                                        : "550 no such folder");
                    case "PASV" -> {
                        int port = data.getLocalPort();
                        say(out, "227 Entering Passive Mode (127,0,0,1," + port / 256 + "," + port % 256 + ")");
                    }
                    case "REST" -> {
                        offset = Long.parseLong(argument);
                        say(out, "350 go on");
                    }
                    case "MLST" -> {
                        Scripted file = files.get(argument.replace("/wp-content/", ""));
                        say(out, file == null ? "550 no such file" : "250-x\r\n " + facts(file, "x") + "\r\n250 End");
                    }
                    case "MLSD", "LIST" -> {
                        say(out, "150 here it comes");
                        try (Socket to = data.accept()) {
                            list(to.getOutputStream());
                        }
                        say(out, "226 done");
                    }
                    case "RETR" -> {
                        Scripted file = files.get(argument.replace("/wp-content/", ""));
                        if (file == null || !read(file, offset, data, out)) {
                            return;
                        }
                        offset = 0;
                    }
                    default -> say(out, "502 what?");
                }
            }
        } catch (IOException e) {
            // the client went away
        }
    }

    private String facts(Scripted file, String name) {
        boolean later = file.manner == Manner.CHANGES_AND_HANGS_UP && hangUps.get() > 0;
        return old
                ? "-rw-r--r-- 1 0 0 " + file.content.length + " Jan 01 2020 " + name
                : "type=file;size=" + file.content.length + ";modify=2020010100000" + (later ? 1 : 0) + "; " + name;
    }

    private void list(OutputStream out) throws IOException {
        out.write(lines.getBytes(StandardCharsets.ISO_8859_1));
        for (Map.Entry<String, Scripted> file : files.entrySet()) {
            out.write((facts(file.getValue(), file.getKey()) + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        }
        for (long i = 0; endless; i++) {
            String name = i + "x".repeat(200);
            out.write(("type=file;size=1;modify=20200101000000; " + name + "\r\n").getBytes());
        }
    }

    /** False to hang up. */
    private boolean read(Scripted file, long offset, ServerSocket data, OutputStream out) throws IOException {
        byte[] content = file.content;
        switch (file.manner) {
            case DENIED -> {
                say(out, "550 permission denied");
                return true;
            }
            case ENDLESS_REPLY -> {
                say(out, "150-here");
                while (true) {
                    say(out, " and more".repeat(100));
                }
            }
            case NO_DATA -> {
                say(out, "425 no data connection today");
                return true;
            }
            default -> {}
        }
        say(out, "150 here it comes");
        try (Socket to = data.accept()) {
            OutputStream bytes = to.getOutputStream();
            switch (file.manner) {
                case CUT_SHORT -> bytes.write(content, 0, content.length / 2);
                case TOO_MUCH -> {
                    bytes.write(content);
                    bytes.write(content);
                }
                case ENDLESS -> {
                    while (true) {
                        bytes.write(content);
                    }
                }
                case SILENT -> {
                    bytes.write(content, 0, 10);
                    pause(30_000);
                }
                case HANGS_UP -> {
                    bytes.write(content, 0, 10);
                    to.setSoLinger(true, 0);
                    return false;
                }
                case HANGS_UP_ONCE, CHANGES_AND_HANGS_UP -> {
                    if (hangUps.getAndIncrement() == 0) {
                        bytes.write(content, 0, content.length / 2);
                        bytes.flush();
                        pause(200); // so that it arrives before the reset
                        to.setSoLinger(true, 0);
                        return false;
                    }
                    bytes.write(content, (int) offset, content.length - (int) offset);
                }
                default -> bytes.write(content, (int) offset, content.length - (int) offset);
            }
        } catch (IOException e) {
            say(out, "426 broken");
            return true;
        }
        say(out, "226 done");
        return true;
    }

    private static void say(OutputStream out, String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
