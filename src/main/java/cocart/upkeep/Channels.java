package cocart.upkeep;

import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.Secrets;
import cocart.upkeep.store.StoreException;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Properties;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.Producer;
import org.apache.camel.component.mail.JavaMailSender;
import org.apache.camel.component.mail.MailComponent;
import org.apache.camel.component.mail.MailEndpoint;
import org.jspecify.annotations.Nullable;

/** Looks whether news could be sent, without sending any: who would take it is there, and lets us in. */
final class Channels {

    private static final int PATIENCE_MILLIS = 10_000;

    private Channels() {}

    /**
     * Connects to a webhook's server; what would be posted to is not asked for, as that is a secret and may count.
     *
     * @throws StoreException with what is wrong and the option to check
     */
    static void webhook(String url) {
        URI uri = URI.create(url);
        boolean tls = "https".equals(uri.getScheme());
        int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(uri.getHost(), port), PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            if (tls) {
                handshake(socket, uri.getHost(), port);
            }
        } catch (IOException e) {
            throw failed(uri.getHost(), port, e, "upkeep.notify.webhook.url");
        }
    }

    private static void handshake(Socket socket, String host, int port) throws IOException {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        try (SSLSocket secured = (SSLSocket) factory.createSocket(socket, host, port, true)) {
            SSLParameters parameters = secured.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            secured.setSSLParameters(parameters);
            secured.startHandshake();
        }
    }

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

    private static StoreException failed(String host, int port, Exception error, String option) {
        String where = host + ":" + port;
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException) {
                return wrong("there is no host " + host + ", or no name server answers", option);
            }
            if (cause instanceof ConnectException) {
                return wrong("nothing listens at " + where + " (" + shown(cause) + ")", option);
            }
            if (cause instanceof SocketTimeoutException) {
                return wrong(where + " does not answer within " + PATIENCE_MILLIS / 1000 + " s", option);
            }
            if (cause instanceof SSLException) {
                return wrong("no TLS connection can be made to " + where + " (" + shown(root(cause)) + ")", option);
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

    private static StoreException wrong(String what, String option) {
        return new StoreException(what + "; check " + option, null, true);
    }
}
