package cocart.upkeep.state;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.UUID;

/** Names this running program, so that claims and events tell who made them. */
public record Instance(String id) {

    /** Host, process id and a random part: a restarted process is another instance. */
    public static Instance current() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "localhost";
        }
        return new Instance(host + "-" + ProcessHandle.current().pid() + "-"
                + UUID.randomUUID().toString().substring(0, 8));
    }
}
