package cocart.upkeep;

import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.Secrets;
import cocart.upkeep.store.StoreException;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Properties;
import javax.net.ssl.SSLException;
import org.apache.camel.CamelContext;
import org.apache.camel.Producer;
import org.apache.camel.component.mail.JavaMailSender;
import org.apache.camel.component.mail.MailComponent;
import org.apache.camel.component.mail.MailEndpoint;
import org.jspecify.annotations.Nullable;

/** Looks whether mail could be sent, without sending any: who would take it is there, and lets us in. */
final class Channels {

    private static final int PATIENCE_MILLIS = 10_000;

    private Channels() {}

    /**
     * Logs in to the mail server as the route does, greets it, and leaves.
     *
     * @throws StoreException with what is wrong and the option to check
     */
    static void mail(CamelContext camel) {
        Sender endpoint = new Sender(camel.getEndpoint("{{upkeep.notify.mail.server}}", MailEndpoint.class));
        JavaMailSender sender = endpoint.sender();
        Properties properties = sender.getJavaMailProperties();
        for (String limit : new String[] {"connectiontimeout", "timeout"}) {
            properties.setProperty("mail." + sender.getProtocol() + "." + limit, String.valueOf(PATIENCE_MILLIS));
        }
        PasswordAuthentication login = endpoint.getConfiguration().getPasswordAuthentication();
        Session session = sender.getSession() != null ? sender.getSession() : Session.getInstance(properties);
        try (Transport transport = session.getTransport(sender.getProtocol())) {
            transport.connect(
                    sender.getHost(),
                    sender.getPort(),
                    login == null ? null : login.getUserName(),
                    login == null ? null : login.getPassword());
            if (!transport.isConnected()) { // asks by NOOP
                throw new MessagingException("it hung up");
            }
        } catch (AuthenticationFailedException e) {
            throw wrong(
                    sender.getHost() + ":" + sender.getPort() + " does not let user "
                            + (login == null ? "(none)" : login.getUserName()) + " in (" + shown(e) + ")",
                    "upkeep.notify.mail.server");
        } catch (MessagingException e) {
            throw failed(sender.getHost(), sender.getPort(), e, "upkeep.notify.mail.server");
        }
    }

    /** Camel's endpoint, asked for what it sends with. */
    private static final class Sender extends MailEndpoint {

        private @Nullable JavaMailSender sender;

        Sender(MailEndpoint as) {
            super(as.getEndpointUri(), (MailComponent) as.getComponent(), as.getConfiguration());
            setCamelContext(as.getCamelContext());
        }

        JavaMailSender sender() {
            try {
                createProducer();
            } catch (Exception e) {
                throw wrong("it cannot be used (" + shown(e) + ")", "upkeep.notify.mail.server");
            }
            return Objects.requireNonNull(sender);
        }

        @Override
        public Producer createProducer(JavaMailSender with) {
            sender = with;
            return super.createProducer(with);
        }
    }

    /** A sentence that says what is behind an error of connecting. */
    static StoreException failed(String host, int port, Exception error, String option) {
        String where = host + ":" + port;
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException) {
                return wrong("there is no host " + host + ", or no name server answers", option);
            }
            if (cause instanceof ConnectException) {
                return wrong(
                        "nothing listens at " + where + " (" + shown(cause).replaceAll("^Connect to .+ failed: ", "")
                                + ")",
                        option);
            }
            if (cause instanceof SocketTimeoutException) {
                return wrong(where + " does not answer within " + PATIENCE_MILLIS / 1000 + " s", option);
            }
            if (cause instanceof SSLException) {
                return wrong(
                        "no TLS connection can be made to " + where + " ("
                                + shown(cause).replaceAll("^Connect to .+ failed: ", "") + ")",
                        option);
            }
        }
        return wrong(where + " cannot be used (" + shown(root(error)) + ")", option);
    }

    private static Throwable root(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    private static String shown(Throwable error) {
        return Secrets.mask(PlainText.of(String.valueOf(error.getMessage()).strip()));
    }

    /** A sentence with the option to check. */
    static StoreException wrong(String what, String option) {
        return new StoreException(what + "; check " + option, null, true);
    }
}
