package cocart.upkeep.state;

import java.sql.SQLTransientConnectionException;

/** The file of the state database is not the one that was opened; the message is a clause that says what to do. */
final class FileGoneException extends SQLTransientConnectionException {

    private static final long serialVersionUID = 1L;

    FileGoneException(String file) {
        super("the file of the state database, " + file
                + ", was deleted or replaced while run used it; stop run, put the"
                + " file back if you have it, and start run again: without it all stores are looked at anew, but history,"
                + " approvals and unfinished updates are forgotten");
    }
}
