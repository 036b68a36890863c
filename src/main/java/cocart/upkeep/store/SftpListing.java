package cocart.upkeep.store;

import java.io.IOException;

/** Lists open folders, asking ahead: checks each name, tells the visitor of it and adds it to what waits. */
final class SftpListing {

    private static final String ENDLESS = "the server lists it without end";

    private static final int DEEPEST = 64;
    private static final long MOST_ENTRIES = 5_000_000;

    /** Longest target of a link that is recorded, in bytes; no system follows a longer one. */
    private static final int LONGEST_TARGET = 4096;

    /** Parts of a folder's list that are asked for at once. */
    private static final int READ_AHEAD = 2;

    private final String store;
    private final StoreFiles.Visitor visitor;
    private final SftpWaiting waiting;
    private long entries;

    SftpListing(String store, StoreFiles.Visitor visitor, SftpWaiting waiting) {
        this.store = store;
        this.visitor = visitor;
        this.waiting = waiting;
    }

    /** Begins with a folder that was opened. */
    void begin(SftpLine line, SftpItem folder) {
        while (folder.inFlight < READ_AHEAD) {
            line.ask(SftpPacket.READDIR, folder);
        }
    }

    /** Takes the answer to a READDIR. */
    void names(SftpLine line, SftpItem folder, SftpPacket packet) throws IOException {
        if (packet.type() == SftpPacket.NAME) {
            int count = packet.number();
            if (count <= 0) {
                line.fail(folder, ENDLESS);
                return;
            }
            boolean first = folder.names.isEmpty();
            for (int i = 0; i < count; i++) {
                SftpFiles.Name name = SftpFiles.Name.of(packet.bytes());
                packet.bytes();
                found(folder, name, packet.attributes());
            }
            // a connection that was lost makes each name come again once; "." and ".." are no names
            if (folder.repeated > folder.names.size() + 2) {
                line.fail(folder, ENDLESS);
                return;
            }
            // most folders fit into one answer, and that they end is on its way: only what is longer is asked on ahead
            while (!folder.listed && folder.inFlight < (first ? 1 : READ_AHEAD)) {
                line.ask(SftpPacket.READDIR, folder);
            }
        } else if (packet.type() == SftpPacket.STATUS && packet.number() == SftpPacket.EOF) {
            folder.listed = true;
        } else {
            line.fail(folder, "the folder cannot be listed to its end");
        }
        // the end may be answered before the names in front of it
        folder.ended |= folder.listed && folder.inFlight == 0;
    }

    private void found(SftpItem folder, SftpFiles.Name name, SftpPacket.Attributes attributes) throws IOException {
        if (name.isSelfOrParent()) {
            folder.repeated++;
            return;
        }
        if (++entries > MOST_ENTRIES) {
            throw new StoreException(
                    "store " + store + ": the folder holds more than " + MOST_ENTRIES
                            + " files; leave out what need not be backed up with upkeep.backup.skip",
                    null,
                    true);
        }
        String path = folder.prefix + name.text();
        boolean utf8 = name.isUtf8() && folder.entry.rawPath() == null;
        byte[] remote = SftpFiles.join(folder.path, name.bytes());
        FileEntry entry = attributes.entry(path, null, utf8 ? null : SftpFiles.hex(remote));
        if (!FileNames.isPlain(name.text())) {
            visitor.failed(
                    new FileEntry(
                            folder.prefix + name.shown().replaceAll("[/\\\\]", "?"), entry.type(), 0, 0, 0, null, null),
                    FileNames.refusal(name.shown()));
            return;
        }
        String again = name.addTo(folder.names);
        if (SftpFiles.Name.TWICE.equals(again)) {
            folder.repeated++;
            if (!folder.restarted) {
                visitor.failed(entry, again);
            }
            return;
        }
        if (again != null) {
            visitor.failed(new FileEntry(folder.prefix + name.apart(), entry.type(), 0, 0, 0, null, null), again);
            return;
        }
        waiting.hold(folder, name);
        SftpItem item = new SftpItem(entry, remote, path + "/", folder.depth + 1);
        switch (entry.type()) {
            case LINK -> waiting.add(item);
            case FOLDER -> {
                if (visitor.found(entry)) {
                    if (folder.depth >= DEEPEST) {
                        visitor.failed(entry, "folders are nested deeper than " + DEEPEST);
                    } else {
                        waiting.add(item);
                    }
                }
            }
            case FILE -> {
                if (visitor.found(entry)) {
                    waiting.add(item);
                }
            }
            default -> visitor.found(entry);
        }
    }

    /** Takes the answer to a READLINK. */
    void target(SftpItem link, SftpPacket packet) throws IOException {
        String target = null;
        if (packet.type() == SftpPacket.NAME && packet.number() >= 1) {
            byte[] bytes = packet.bytes();
            target = bytes.length <= LONGEST_TARGET ? SftpFiles.Name.of(bytes).text() : null;
        }
        FileEntry entry = link.entry;
        visitor.found(
                new FileEntry(entry.path(), entry.type(), 0, entry.mtime(), entry.mode(), target, entry.rawPath()));
        link.ended = true;
    }
}
