package cocart.upkeep.store;

import java.util.Locale;

/** The server said no; the message is what it said. */
final class FtpRefused extends Exception {

    /** Of its reply; 0 if it is our judgement. */
    final int code;

    FtpRefused(int code, String message) {
        super(message);
        this.code = code;
    }

    /** True if something is there that this login may not use; FTP has one code for that and for nothing. */
    boolean isDenied() {
        String words = getMessage().toLowerCase(Locale.ROOT);
        return words.contains("denied") || words.contains("permi") || words.contains("not allowed");
    }
}
