package cocart.upkeep.console;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keys that an open page sends in place of the token. They live in this process's memory only: when it has ended, whoever
 * gets its port, and the requests of a page that is still open, gets nothing that is worth anything, not even for the next
 * run. No cookie, as browsers send those to every port of the machine, whoever listens there, and by themselves.
 */
public final class Sessions {

    private static final Duration IDLE = Duration.ofHours(12);
    private static final int BYTES = 32;
    private static final int MOST = 100;

    /** @param token with which it was begun; another one ends it */
    private record Session(String token, Instant used) {}

    private final Token token;
    private final Clock clock;

    /** By the keys' hashes, so that how long a look takes says nothing about a key; those used last come last. */
    private final Map<String, Session> open = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Session> eldest) {
            return size() > MOST;
        }
    };

    public Sessions(Token token, Clock clock) {
        this.token = token;
        this.clock = clock;
    }

    /** Begins one for whoever has shown the token; its key, as JSON. */
    public synchronized String begin() {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        String key = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        open.put(hash(key), new Session(token.show(), clock.instant()));
        return "{\"key\":\"" + key + "\"}";
    }

    /** True for the key of a session that has neither been idle for too long nor outlived its token. */
    synchronized boolean knows(String key) {
        String hash = hash(key);
        Session session = open.get(hash);
        if (session == null) {
            return false;
        }
        if (session.used.plus(IDLE).isBefore(clock.instant()) || !token.is(session.token)) {
            open.remove(hash);
            return false;
        }
        open.put(hash, new Session(session.token, clock.instant()));
        return true;
    }

    private static String hash(String key) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
