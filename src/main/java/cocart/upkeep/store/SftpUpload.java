package cocart.upkeep.store;

import cocart.upkeep.store.SftpSending.Step;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Writes files with many requests in flight on one connection: many files at once, many blocks of a large one. A file
 * is written under a {@link TemporaryName} and renamed when the server has confirmed every block, its mode, its time
 * and that it is on the disk. Where the server has no rename that replaces ({@code posix-rename@openssh.com}), the old
 * file is set aside and the new one put in its place by two requests in a row, and the old one put back if the second
 * fails.
 */
final class SftpUpload implements AutoCloseable {

    private static final String REPLACE = "posix-rename@openssh.com";
    private static final String SYNC = "fsync@openssh.com";

    private static final int CHUNK = 32768;
    private static final int MOST_OPEN = 32;

    /** Bytes that are sent and not confirmed; servers take about so much before they want to be read. */
    private static final int MOST_SENT = 1 << 20;

    private static final int WRITE_CREATE_NEW = 0x02 | 0x08 | 0x20;

    private final String store;
    private final SftpConnection connection;
    private final Function<String, byte[]> places;
    private final Set<String> folders;
    private final Map<Integer, Request> requests = new HashMap<>();
    private final Deque<SftpSending> sending = new ArrayDeque<>();
    private final Set<SftpSending> open = new HashSet<>();
    private int sent;

    /** @param what the path of a folder that is looked at, or what is done */
    private record Request(SftpSending file, int type, String what, int bytes) {}

    /** @param folders paths that are known to be folders and no links; grows */
    SftpUpload(String store, SftpConnection connection, Function<String, byte[]> places, Set<String> folders) {
        this.store = store;
        this.connection = connection;
        this.places = places;
        this.folders = folders;
    }

    void run(Iterator<? extends StoreFiles.Upload> uploads) {
        while (true) {
            fill(uploads);
            if (requests.isEmpty()) {
                return;
            }
            connection.flush();
            answer(connection.receive());
        }
    }

    private void fill(Iterator<? extends StoreFiles.Upload> uploads) {
        while (true) {
            while (sent < MOST_SENT && !sending.isEmpty()) {
                sendBlock(sending.element());
            }
            if (sent >= MOST_SENT || open.size() >= MOST_OPEN || !uploads.hasNext()) {
                return;
            }
            begin(uploads.next());
        }
    }

    private void begin(StoreFiles.Upload upload) {
        SftpSending file = new SftpSending(upload, places);
        open.add(file);
        for (String parent : SftpWrites.parents(upload.path())) {
            if (!folders.contains(parent)) {
                boolean top = parent.indexOf('/') < 0;
                send(file, top ? SftpPacket.STAT : SftpPacket.LSTAT, parent, SftpFiles.string(places.apply(parent)));
            }
        }
        if (file.waiting == 0) {
            goOn(file);
        }
    }

    private void sendBlock(SftpSending file) {
        byte[] block = new byte[0];
        if (file.reason == null && file.content != null) {
            try {
                block = file.content.readNBytes(CHUNK);
            } catch (IOException e) {
                file.reason = Faults.words(e);
            }
        }
        if (block.length > 0 && file.handle != null) {
            sent += block.length;
            send(
                    file,
                    SftpPacket.WRITE,
                    "written",
                    SftpFiles.string(file.handle).large(file.offset).bytes(block),
                    block.length);
            file.offset += block.length;
        }
        if (block.length < CHUNK) {
            file.read = true;
            sending.remove(file);
            if (file.waiting == 0) {
                goOn(file);
            }
        }
    }

    private void send(SftpSending file, int type, String what, SftpPacket.Builder body) {
        send(file, type, what, body, 0);
    }

    private void send(SftpSending file, int type, String what, SftpPacket.Builder body, int bytes) {
        file.waiting++;
        requests.put(connection.send(type, body), new Request(file, type, what, bytes));
    }

    private void answer(SftpPacket packet) {
        Request request = requests.remove(packet.id());
        if (request == null) {
            throw new StoreException(
                    "store " + store + ": the SFTP server answered something that was not asked", null);
        }
        SftpSending file = request.file();
        file.waiting--;
        sent -= request.bytes();
        packet.body();
        switch (request.type()) {
            case SftpPacket.STAT, SftpPacket.LSTAT -> looked(file, request.what(), packet);
            case SftpPacket.OPEN -> {
                file.handle = packet.handle();
                if (file.handle == null) {
                    file.reason = "it cannot be written: " + words(packet);
                }
            }
            default -> status(file, request, packet);
        }
        if (file.waiting == 0 && (file.step != Step.CONTENT || file.read)) {
            goOn(file);
        }
    }

    private void looked(SftpSending file, String path, SftpPacket packet) {
        FileEntry.Type type =
                packet.type() == SftpPacket.ATTRS ? packet.attributes().type() : null;
        if (file.step == Step.PARENTS) {
            String reason = SftpWrites.notAFolder(path, type);
            if (reason == null) {
                folders.add(path);
            } else if (file.reason == null) {
                file.reason = reason;
            }
        } else if (type == FileEntry.Type.FILE || type == FileEntry.Type.LINK) {
            file.reason = null; // why the rename alone did not do
        } else if (type == FileEntry.Type.FOLDER) {
            file.reason = "a folder lies in its place";
        }
    }

    private void status(SftpSending file, Request request, SftpPacket packet) {
        String words = words(packet);
        switch (request.what()) {
            case "set aside" -> file.setAside = words.isEmpty();
            case "put back" -> {
                if (!words.isEmpty()) {
                    file.reason += ", and what lay there before is now "
                            + new String(file.aside, java.nio.charset.StandardCharsets.UTF_8);
                }
            }
            case "cleaned" -> {} // what stays is known by its name and cleaned by the next run
            default -> {
                if (!words.isEmpty() && file.reason == null) {
                    file.reason = "it cannot be " + request.what() + ": " + words;
                }
            }
        }
    }

    /** A status in words; empty if all is well. */
    private static String words(SftpPacket packet) {
        if (packet.type() != SftpPacket.STATUS) {
            return "the server answered nonsense";
        }
        int code = packet.number();
        return code == SftpPacket.OK ? "" : SftpPacket.words(code, packet.bytes());
    }

    /** Everything that was asked for a file is answered: the next step. */
    private void goOn(SftpSending file) {
        switch (file.step) {
            case PARENTS -> {
                if (file.reason != null) {
                    end(file);
                    return;
                }
                file.step = Step.OPEN;
                send(
                        file,
                        SftpPacket.OPEN,
                        "written",
                        SftpFiles.string(file.temporary)
                                .number(WRITE_CREATE_NEW)
                                .mode(0600));
            }
            case OPEN -> {
                if (file.handle == null) {
                    end(file);
                    return;
                }
                file.step = Step.CONTENT;
                try {
                    file.content = file.upload.open();
                } catch (IOException e) {
                    file.reason = Faults.words(e);
                }
                sending.add(file);
            }
            case CONTENT -> finish(file);
            case CLOSE -> {
                if (file.reason != null) {
                    clean(file, file.temporary);
                } else if (connection.offers(REPLACE)) {
                    file.step = Step.REPLACE;
                    send(file, SftpPacket.EXTENDED, "put in its place", names(true, file.temporary, file.target));
                } else {
                    file.step = Step.RENAME;
                    rename(file, "put in its place", file.temporary, file.target);
                }
            }
            case RENAME -> {
                if (file.reason == null) {
                    end(file);
                } else {
                    file.step = Step.LOOK;
                    send(file, SftpPacket.LSTAT, "", SftpFiles.string(file.target));
                }
            }
            case LOOK -> {
                if (file.reason != null) {
                    clean(file, file.temporary);
                } else {
                    file.step = Step.REPLACE;
                    rename(file, "set aside", file.target, file.aside);
                    rename(file, "put in its place", file.temporary, file.target);
                }
            }
            case REPLACE -> {
                if (file.reason == null && !file.setAside) {
                    end(file);
                } else if (file.reason == null) {
                    clean(file, file.aside);
                } else if (file.setAside) {
                    file.step = Step.PUT_BACK;
                    rename(file, "put back", file.aside, file.target);
                } else {
                    clean(file, file.temporary);
                }
            }
            case PUT_BACK -> clean(file, file.temporary);
            case CLEAN -> end(file);
        }
    }

    /** Mode, time, on the disk, closed; or only closed if something went wrong. */
    private void finish(SftpSending file) {
        byte[] handle = java.util.Objects.requireNonNull(file.handle);
        file.step = Step.CLOSE;
        if (file.reason == null) {
            send(
                    file,
                    SftpPacket.FSETSTAT,
                    "given its mode and time",
                    SftpFiles.string(handle).modeAndTime(file.upload.mode() & 07777, file.upload.mtime()));
            if (connection.offers(SYNC)) {
                send(
                        file,
                        SftpPacket.EXTENDED,
                        "written to the disk",
                        new SftpPacket.Builder().text(SYNC).bytes(handle));
            }
        }
        send(file, SftpPacket.CLOSE, "closed", SftpFiles.string(handle));
    }

    private void rename(SftpSending file, String what, byte[] from, byte[] to) {
        send(file, SftpPacket.RENAME, what, names(false, from, to));
    }

    private static SftpPacket.Builder names(boolean replace, byte[] from, byte[] to) {
        SftpPacket.Builder body = new SftpPacket.Builder();
        return (replace ? body.text(REPLACE) : body).bytes(from).bytes(to);
    }

    private void clean(SftpSending file, byte[] path) {
        file.step = Step.CLEAN;
        send(file, SftpPacket.REMOVE, "cleaned", SftpFiles.string(path));
    }

    private void end(SftpSending file) {
        open.remove(file);
        close(file);
        if (file.reason == null) {
            file.upload.written();
        } else {
            file.upload.failed(file.reason);
        }
    }

    private static void close(SftpSending file) {
        if (file.content != null) {
            try {
                file.content.close();
            } catch (IOException e) {
                // it was read to its end, or is of no use
            }
        }
    }

    /** Closes the content of files that did not reach their end. */
    @Override
    public void close() {
        open.forEach(SftpUpload::close);
    }
}
