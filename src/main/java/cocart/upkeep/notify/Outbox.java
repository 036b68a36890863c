package cocart.upkeep.notify;

import cocart.upkeep.notify.Message.Item;
import cocart.upkeep.state.Away;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.Secrets;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DuplicateKeyException;

/**
 * What channels have not been told yet. The state database holds, for each channel and notice, what it was told last; the
 * difference to what is true now is the news. So nothing is lost by a kill, what came and went meanwhile is not sent, and a
 * channel that fails keeps no other back. One message of a channel is under way at a time, over all instances.
 */
public final class Outbox {

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");
    private static final String LOG_CHANNEL = "log";
    private static final Duration LONGEST_BACK_OFF = Duration.ofMinutes(15);
    private static final int LONGEST_REASON = 300;

    private final Database database;
    private final Stores stores;
    private final Notices notices;
    private final Jobs jobs;
    private final Events events;
    private final OutboxSettings settings;
    private final Clock clock;

    /** @param clock tells when quiet hours are */
    Outbox(
            Database database,
            Stores stores,
            Notices notices,
            Jobs jobs,
            Events events,
            OutboxSettings settings,
            Clock clock) {
        this.database = database;
        this.stores = stores;
        this.notices = notices;
        this.jobs = jobs;
        this.events = events;
        this.settings = settings;
        this.clock = clock;
    }

    /** The claim under which a channel's news is sent. */
    static String job(String channel) {
        return "notify-" + channel;
    }

    private static String job(Message message) {
        return message.digest() ? "digest-" + message.channel() : job(message.channel());
    }

    /**
     * The message that is due for a channel, claimed; {@link #sent} or {@link #failed} ends the claim.
     *
     * @param channel at most nine characters
     * @return null if nothing is due now, or somebody else is sending it
     */
    public @Nullable Message next(String channel) {
        if (channel.equals(LOG_CHANNEL) && !settings.logs()) {
            return null;
        }
        return orNull(() -> digest(channel).or(() -> news(channel)).orElse(null));
    }

    private Optional<Message> digest(String channel) {
        if (settings.digest().cron().isEmpty()) {
            return Optional.empty();
        }
        String job = "digest-" + channel;
        Optional<Jobs.LastRun> last = jobs.last(Notices.BUNDLE, job);
        if (last.isEmpty()) {
            // from now on
            if (jobs.claim(Notices.BUNDLE, job)) {
                jobs.finish(Notices.BUNDLE, job, null);
            }
            return Optional.empty();
        }
        if (!jobs.isDue(settings.digest(), last.get()) || !jobs.claim(Notices.BUNDLE, job)) {
            return Optional.empty();
        }
        List<String> ids = ids();
        Map<String, List<Notice>> open = notices.open(ids);
        return Optional.of(new Message(
                channel,
                true,
                now(),
                ids.stream()
                        .flatMap(id -> open.getOrDefault(id, List.of()).stream())
                        .map(notice -> new Item(notice, "open", "", null))
                        .toList()));
    }

    private Optional<Message> news(String channel) {
        List<Item> untold = untold(channel);
        if (untold.isEmpty() || !isTime(channel, untold) || !jobs.claim(Notices.BUNDLE, job(channel))) {
            return Optional.empty();
        }
        // again, as another instance may have sent it just before the claim
        List<Item> due = untold(channel);
        if (due.isEmpty()) {
            jobs.letGo(Notices.BUNDLE, job(channel));
            return Optional.empty();
        }
        return Optional.of(new Message(channel, false, now(), due));
    }

    private boolean isTime(String channel, List<Item> untold) {
        Optional<Jobs.LastRun> last = jobs.last(Notices.BUNDLE, job(channel));
        LocalDateTime ended = last.map(Jobs.LastRun::finished).orElse(null);
        if (ended == null) {
            return true;
        }
        Instant before = ended.toInstant(ZoneOffset.UTC);
        if (!last.get().failed()) {
            return channel.equals(LOG_CHANNEL) || !before.plus(settings.pause()).isAfter(now());
        }
        // it had waited so long when it failed; waiting as long again doubles the pause each time
        Duration waited = untold.stream()
                .map(Item::since)
                .min(Comparator.naturalOrder())
                .map(since -> Duration.between(since, before))
                .orElse(Duration.ZERO);
        Duration pause = waited.compareTo(settings.backOff()) < 0
                ? settings.backOff()
                : waited.compareTo(LONGEST_BACK_OFF) > 0 ? LONGEST_BACK_OFF : waited;
        return !before.plus(pause).isAfter(now());
    }

    /** What a channel is to be told now, the most urgent first. */
    private List<Item> untold(String channel) {
        Set<String> known = new HashSet<>(ids());
        boolean quiet = !channel.equals(LOG_CHANNEL) && settings.quiet().isAt(clock.instant());
        return database.sql("notices-untold").param("channel", channel).query((row, n) -> item(row)).list().stream()
                .filter(item -> known.contains(item.notice().store()))
                .filter(item -> !quiet || (item.notice().urgent() && item.clearedAt() == null))
                .sorted(Comparator.comparing((Item item) -> item.clearedAt() != null)
                        .thenComparing(Item::notice, Cause.URGENCY))
                .toList();
    }

    private static Item item(ResultSet row) throws SQLException {
        Instant cleared = Database.instant(row, "cleared_at");
        Notice notice = new Notice(
                row.getString("id"),
                row.getString("store"),
                row.getString("kind"),
                row.getString("cause"),
                row.getString("text"),
                Objects.requireNonNull(Database.instant(row, "raised_at")),
                Objects.requireNonNull(Database.instant(row, "changed_at")),
                row.getInt("urgent") == 1);
        String told = row.getString("told");
        return new Item(
                notice,
                cleared != null ? "cleared" : told == null || told.isEmpty() ? "raised" : "changed",
                cleared != null ? "" : row.getString("fingerprint"),
                cleared);
    }

    private List<String> ids() {
        return Stream.concat(Stream.of(Notices.BUNDLE), stores.all().stream().map(StoreSettings::id))
                .toList();
    }

    private Instant now() {
        return database.now().toInstant(ZoneOffset.UTC);
    }

    /** Writes a message to the log, a line for each notice, but for what the log has just said. */
    public void log(Message message) {
        if (message.digest()) {
            events.recorded(Notices.BUNDLE, "Digest: " + count(message) + " open.");
            return;
        }
        for (Item item : message.items()) {
            Notice notice = item.notice();
            if (!events.hasSaid(notice.store(), notice.text())) {
                events.recorded(
                        notice.store(),
                        "Notice (" + notice.kind() + ")" + (item.clearedAt() == null ? ": " : " is over: ")
                                + notice.text());
            }
        }
    }

    private static String count(Message message) {
        return message.items().size() + (message.items().size() == 1 ? " notice is" : " notices are");
    }

    /** A message has arrived: the channel knows what is in it. */
    public void sent(Message message) {
        Away.tolerate(() -> {
            if (!message.digest()) {
                try {
                    mark(message);
                } catch (DuplicateKeyException e) {
                    // one whose claim had run out marked it too
                    mark(message);
                }
            }
        });
        boolean failedBefore = Boolean.TRUE.equals(orNull(() -> jobs.hasFailed(Notices.BUNDLE, job(message))));
        jobs.finish(Notices.BUNDLE, job(message), null);
        if (failedBefore) {
            LOG.info("Notices can be sent by {} again.", message.channel());
        }
    }

    private void mark(Message message) {
        database.inTransaction(() -> {
            for (Item item : message.items()) {
                if (told("notice-told", message, item) == 0) {
                    told("notice-told-add", message, item);
                }
            }
            return true;
        });
    }

    private int told(String statement, Message message, Item item) {
        return database.sql(statement)
                .param("id", item.notice().id())
                .param("channel", message.channel())
                .param("fingerprint", item.fingerprint())
                .update();
    }

    /** A message could not be sent; it is tried again later, and said once. */
    public void failed(Message message, Exception error) {
        String option =
                switch (message.channel()) {
                    case "webhook" -> "upkeep.notify.webhook.url";
                    case "mail" -> "upkeep.notify.mail.server, .from and .to";
                    default -> "routes/notify.camel.yaml";
                };
        String why = why(error);
        String sentence = "Notices cannot be sent by " + message.channel() + ": " + why
                + (why.endsWith(".") ? "" : ".") + " Check " + option
                + "; they are tried again.";
        if (jobs.finish(Notices.BUNDLE, job(message), sentence)) {
            LOG.warn("{}", sentence);
        }
    }

    private String why(Exception error) {
        Throwable root = error;
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpOperationFailedException answer) {
                return "it answered with status " + answer.getStatusCode();
            }
            root = cause;
        }
        String message = String.valueOf(root.getMessage());
        if (root instanceof CertificateExpiredException || root instanceof CertificateNotYetValidException) {
            return "its certificate is not valid today";
        }
        if (root instanceof CertPathBuilderException || root instanceof CertPathValidatorException) {
            return "its certificate is not signed by anybody that is trusted here";
        }
        if (root instanceof CertificateException || root instanceof SSLPeerUnverifiedException) {
            return "its certificate is made out to another name ("
                    + PlainText.of(message).replaceAll("\\.$", "") + ")";
        }
        String kind = root.getClass().getSimpleName().replace("Exception", "");
        String reason = PlainText.of(Secrets.maskAddresses(message.contains(" ") ? message : kind + " " + message))
                .strip();
        return reason.length() > LONGEST_REASON ? reason.substring(0, LONGEST_REASON) + "..." : reason;
    }

    private static <T> @Nullable T orNull(Supplier<@Nullable T> work) {
        Object[] result = new Object[1];
        Away.tolerate(() -> result[0] = work.get());
        @SuppressWarnings("unchecked")
        T typed = (T) result[0];
        return typed;
    }
}
