package cocart.upkeep.console;

import cocart.upkeep.state.Away;
import cocart.upkeep.state.StateException;
import cocart.upkeep.state.Troubles;
import cocart.upkeep.store.Secrets;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpResponseStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer that says what is wrong, with one sentence: by RFC 9457 below {@code /api}, as a page elsewhere.
 *
 * @param status of HTTP
 * @param detail the sentence; plain text
 */
public record Problem(int status, String detail) {

    /** The content type of {@link #json}. */
    public static final String JSON_TYPE = "application/problem+json";

    /** Whatever it quotes, it shows no secret. */
    public Problem {
        detail = Secrets.mask(detail);
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    /** What an exception means to whoever asked; what nobody expected is told to the log only. */
    public static Problem of(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConsoleException refused) {
                return new Problem(refused.status(), String.valueOf(refused.getMessage()));
            }
        }
        if (Away.isCauseOf(error) || error instanceof StateException) {
            return new Problem(503, Troubles.sentence(error));
        }
        LOG.error("The console could not answer: {}", error.toString(), error);
        return new Problem(500, "Something went wrong here; the log says what.");
    }

    /** True if a path is one of the API's, whose answers are for programs. */
    public static boolean isApi(String path) {
        return path.equals("/api") || path.startsWith("/api/");
    }

    /** The content type for an answer at a path. */
    public String type(String path) {
        return isApi(path) ? JSON_TYPE : "text/html; charset=utf-8";
    }

    /** The answer for a path. */
    public String text(String path) {
        return isApi(path) ? json() : Pages.problem(status == 404 ? "Nothing is here" : title(), detail);
    }

    /** As application/problem+json. */
    public String json() {
        ObjectNode node = JSON.createObjectNode();
        node.put("type", "about:blank")
                .put("title", title())
                .put("status", status)
                .put("detail", detail);
        return node.toString();
    }

    private String title() {
        return HttpResponseStatus.valueOf(status).reasonPhrase();
    }
}
