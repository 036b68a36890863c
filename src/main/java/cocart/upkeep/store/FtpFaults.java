package cocart.upkeep.store;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.apache.camel.component.file.GenericFileOperationFailedException;
import org.apache.commons.net.MalformedServerReplyException;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPConnectionClosedException;
import org.jspecify.annotations.Nullable;

/** Why an FTP server cannot be entered, in one sentence that says what to do. */
final class FtpFaults {

    private static final int LONGEST = 200;

    private FtpFaults() {}

    /** A reply in one line, as it may be shown; the code comes first. */
    static String words(@Nullable String reply) {
        String plain = PlainText.of(reply == null ? "" : reply).strip();
        return plain.length() <= LONGEST ? plain : plain.substring(0, LONGEST - 3) + "...";
    }

    static StoreException noConnection(String store, FtpAccess access, FTPClient client, Exception error) {
        String property = "upkeep.store." + store + ".files";
        String where = "store " + store + ": ";
        String server = access.server();
        List<Throwable> causes = causes(error);
        if (has(causes, UnknownHostException.class)) {
            return new StoreException(
                    where + "there is no host " + access.configuration().getHost() + "; check " + property, error);
        }
        if (has(causes, NoRouteToHostException.class)) {
            return new StoreException(
                    where + "no way leads to " + server + " from here; check the network, a firewall or VPN, and "
                            + property,
                    error);
        }
        if (has(causes, ConnectException.class) && says(causes, "refused")) {
            return new StoreException(
                    where + "nothing listens at " + server + " (connection refused); check " + property, error);
        }
        if (has(causes, SocketTimeoutException.class)) {
            return new StoreException(
                    where + server + " does not answer within "
                            + Math.max(1, access.configuration().getConnectTimeout() / 1000)
                            + " s; is it up, and may this machine reach it?"
                            + (access.isImplicit()
                                    ? ""
                                    : " If it speaks TLS from the first byte on (port 990), write"
                                            + " ftps: with implicit=true"),
                    error);
        }
        if (has(causes, MalformedServerReplyException.class)) {
            return new StoreException(where + server + " does not speak FTP; check " + property, error, true);
        }
        int code =
                error instanceof GenericFileOperationFailedException failed ? failed.getCode() : client.getReplyCode();
        String reply = words(
                error instanceof GenericFileOperationFailedException failed && failed.getReason() != null
                        ? failed.getReason()
                        : client.getReplyString());
        if (has(causes, SSLException.class)) {
            return noTls(where, property, access, code, reply, causes, error);
        }
        if (code == 421 || has(causes, FTPConnectionClosedException.class) || has(causes, EOFException.class)) {
            return new StoreException(
                    where + server + " closed the connection" + (reply.isEmpty() ? "" : " (" + reply + ")")
                            + "; does it let this machine in, and so many connections at once? Check " + property,
                    error);
        }
        String lower = reply.toLowerCase(Locale.ROOT);
        if (access.tls() == null
                && code >= 500
                && (lower.contains("tls") || lower.contains("ssl") || lower.contains("encrypt"))) {
            return new StoreException(
                    where + server + " lets nobody in without TLS (" + reply + "); write ftps: in " + property,
                    error,
                    true);
        }
        if (code == 530 || code == 430 || code == 332) {
            return new StoreException(
                    where + server + " does not let the user "
                            + access.configuration().getUsername() + " in with this password (" + reply + "); check "
                            + property,
                    error,
                    true);
        }
        return new StoreException(
                where + "no FTP connection to " + server + ": "
                        + (reply.isEmpty() ? words(causes.get(causes.size() - 1).getMessage()) : reply),
                error);
    }

    private static StoreException noTls(
            String where,
            String property,
            FtpAccess access,
            int code,
            String reply,
            List<Throwable> causes,
            Exception error) {
        String host = access.configuration().getHost();
        String server = access.server();
        if (has(causes, CertificateExpiredException.class) || has(causes, CertificateNotYetValidException.class)) {
            return new StoreException(
                    where + "the certificate of " + server + " is not valid today; the server's owner must renew it",
                    error,
                    true);
        }
        if (has(causes, CertPathValidatorException.class)
                || says(causes, "unable to find valid certification path")
                || says(causes, "trustanchors parameter must be non-empty")) {
            return new StoreException(
                    where + "the certificate of " + server + " is not signed by anybody that is trusted here; if it is"
                            + " the server's own, get it by: openssl s_client -connect " + server
                            + (access.isImplicit() ? "" : " -starttls ftp")
                            + " </dev/null | openssl x509 > config/shop.pem, compare its fingerprint with what the"
                            + " server's owner tells, and run: keytool -importcert -file config/shop.pem -keystore"
                            + " config/trust.p12 -storepass changeit, and add to " + property
                            + " &ftpClient.trustStore.file=config/trust.p12&ftpClient.trustStore.password=changeit",
                    error,
                    true);
        }
        if (has(causes, CertificateException.class)) {
            return new StoreException(
                    where + "the certificate of " + server + " is not made out to " + host + " ("
                            + words(causes.get(causes.size() - 1).getMessage()) + "); write the name that stands in it"
                            + " in " + property + ", or, if you know why it differs, add"
                            + " ftpClient.endpointCheckingEnabled=false there",
                    error,
                    true);
        }
        if (code >= 400 && !access.isImplicit()) {
            return new StoreException(
                    where + server + " does not offer TLS (" + reply + "); ask its owner for it, for ftp: sends the"
                            + " password and all files so that others can read them; check " + property,
                    error,
                    true);
        }
        return new StoreException(
                where + "no TLS connection to " + server + " ("
                        + words(causes.get(causes.size() - 1).getMessage()) + "); "
                        + (access.isImplicit()
                                ? "does it speak TLS from the first byte on, as implicit=true says? "
                                : "does it want another securityProtocol? ")
                        + "Check " + property,
                error,
                access.isImplicit());
    }

    static StoreException tooManyNames(String store, String folder) {
        return new StoreException(
                "store " + store + ": " + folder + " lists more names than fit into memory; leave it out with"
                        + " upkeep.backup.skip, or give the program more memory (JAVA_OPTS=-Xmx2g)",
                null,
                true);
    }

    static StoreException lost(String store, FtpLost lost) {
        return new StoreException("store " + store + ": " + lost.getMessage() + "; it is tried again", lost);
    }

    /** Why a data connection failed: a clause. */
    static String noData(FtpAccess access, IOException error) {
        List<Throwable> causes = causes(error);
        if (has(causes, SSLException.class)) {
            return "the server does not take the TLS data connection (" + words(error.getMessage()) + ")";
        }
        if (has(causes, ConnectException.class)
                || has(causes, NoRouteToHostException.class)
                || says(causes, "connect timed out")
                || says(causes, "accept timed out")) {
            return "the data connection cannot be opened ("
                    + words(error.getMessage()) + "); "
                    + (access.configuration().isPassiveMode()
                            ? "the server's passive ports must be reachable from here"
                            : "the server must reach this machine, as passiveMode=false says");
        }
        if (has(causes, SocketTimeoutException.class)) {
            return "the FTP server has not answered for " + Math.max(1, access.idleMillis() / 1000) + " s";
        }
        return "the connection to the FTP server was lost";
    }

    private static List<Throwable> causes(Throwable error) {
        List<Throwable> causes = new ArrayList<>();
        for (Throwable cause = error; cause != null && causes.size() < 20; cause = cause.getCause()) {
            causes.add(cause);
        }
        return causes;
    }

    private static boolean has(List<Throwable> causes, Class<?> type) {
        return causes.stream().anyMatch(type::isInstance);
    }

    private static boolean says(List<Throwable> causes, String words) {
        return causes.stream().anyMatch(cause -> String.valueOf(cause.getMessage())
                .toLowerCase(Locale.ROOT)
                .contains(words));
    }
}
