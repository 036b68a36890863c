package cocart.upkeep.console;

import cocart.upkeep.state.StateException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The console of a {@code run} that is alive, as the command line uses it. Where it does not answer as it should, the
 * command does without: the same beans and the state database are there too.
 */
public final class RunningConsole {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI address;
    private final String token;
    private final HttpClient client = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(2))
            .version(HttpClient.Version.HTTP_1_1)
            .build();

    private RunningConsole(URI address, String token) {
        this.address = address;
        this.token = token;
    }

    /**
     * The console of a home folder's run; empty if none is alive, or it is asked for by HTTPS, whose certificate is made
     * out to another name than this machine has for itself.
     */
    public static Optional<RunningConsole> of(Path home) {
        try {
            return new ConsoleFile(home)
                    .read()
                    .filter(address -> "http".equals(address.getScheme()))
                    .map(address -> new RunningConsole(address, new Token(home.resolve("data/token")).show()));
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

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(address.resolve(path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token);
    }

    private Optional<HttpResponse<String>> ask(HttpRequest request) {
        try {
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
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
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
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
