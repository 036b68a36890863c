package cocart.upkeep.console;

import cocart.upkeep.state.StateException;
import cocart.upkeep.store.Faults;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The console of a {@code run} that is alive, as the command line uses it. By HTTPS the token is sent to the holder of the
 * certificate that the run has recorded and to nobody else. Where it does not answer as it should, the command does
 * without: the same beans and the state database are there too.
 */
public final class RunningConsole {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Set<String> SCHEMES = Set.of("http", "https");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI address;
    private final String token;
    private final HttpClient client;
    private @Nullable String trouble;

    private RunningConsole(ConsoleFile.Said said, String token) {
        this.address = said.address();
        this.token = token;
        HttpClient.Builder builder = HttpClient.newBuilder()
                .proxy(HttpClient.Builder.NO_PROXY) // it is on this machine, and the token is for nobody else
                .version(HttpClient.Version.HTTP_1_1);
        if ("https".equals(address.getScheme())) {
            // the handshake counts as a part of it, and takes a busy machine seconds
            builder.connectTimeout(PATIENCE).sslContext(OneCertificate.context(said.certificate()));
        } else {
            builder.connectTimeout(Duration.ofSeconds(2));
        }
        this.client = builder.build();
    }

    /** The console of a home folder's run; empty if none is alive. */
    public static Optional<RunningConsole> of(Path home) {
        try {
            return new ConsoleFile(home)
                    .read()
                    .filter(said ->
                            SCHEMES.contains(String.valueOf(said.address().getScheme())))
                    .map(said -> new RunningConsole(said, new Token(home.resolve("data/token")).show()));
        } catch (ConsoleException e) {
            return Optional.empty();
        }
    }

    /**
     * The state of all stores; empty if it does not say.
     *
     * @throws StateException if that run cannot use its state database
     */
    public Optional<ObjectNode> status() {
        return ask(request("api/v1/status").GET().build())
                .filter(answer -> answer.statusCode() == 200)
                .flatMap(RunningConsole::json);
    }

    /**
     * Has a decision carried out.
     *
     * @param what {@code approve}, {@code retry}, {@code cancel} or {@code dismiss}
     * @param options query string with its ?, or empty
     * @return empty if it was not understood, so that nothing has been done
     * @throws StateException if that run cannot use its state database
     */
    public Optional<Decisions.Outcome> decide(String store, String what, String options) {
        return ask(request("api/v1/stores/" + store + "/" + what + options)
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build())
                .flatMap(answer -> switch (answer.statusCode()) {
                    case 200 ->
                        json(answer)
                                .map(json -> new Decisions.Outcome(
                                        true, json.path("done").asText()));
                    case 409 ->
                        json(answer)
                                .map(json -> new Decisions.Outcome(
                                        false, json.path("detail").asText()));
                    default -> Optional.empty();
                });
    }

    /** Why it did not answer as it should when it was asked last, a sentence without its full stop; empty if it did. */
    public Optional<String> trouble() {
        return Optional.ofNullable(trouble);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(address.resolve(path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token);
    }

    private Optional<HttpResponse<String>> ask(HttpRequest request) {
        trouble = null;
        try {
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                trouble = "The run that is alive answers at " + address + " with " + answer.statusCode()
                        + json(answer)
                                .map(problem -> ": " + problem.path("detail").asText())
                                .orElse("");
            }
            // one that is just starting or stopping says when to ask again
            if (answer.statusCode() == 503
                    && answer.headers().firstValue("Retry-After").isEmpty()) {
                throw new StateException(
                        "The run that is alive cannot answer: "
                                + json(answer)
                                        .map(problem -> problem.path("detail").asText())
                                        .orElse("see its log"),
                        null);
            }
            return Optional.of(answer);
        } catch (IOException e) {
            trouble = isAnother(e)
                    ? "The run that is alive was not asked, because whoever answers at " + address
                            + " does not hold its certificate"
                    : "The run that is alive does not answer at " + address + ": "
                            + (e instanceof ConnectException ? "nobody listens there" : Faults.words(e));
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static boolean isAnother(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof OneCertificate.Another) {
                return true;
            }
        }
        return false;
    }

    private static Optional<ObjectNode> json(HttpResponse<String> answer) {
        try {
            JsonNode json = JSON.readTree(answer.body());
            return json instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
