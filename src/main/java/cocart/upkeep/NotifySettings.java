package cocart.upkeep;

import cocart.upkeep.notify.NoticeSettings;
import cocart.upkeep.notify.Notifying;
import cocart.upkeep.notify.OutboxSettings;
import cocart.upkeep.notify.Quiet;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.store.PlainText;
import java.net.URI;
import java.time.ZoneId;
import java.util.List;
import java.util.stream.Stream;

/** {@code upkeep.notices.*} and {@code upkeep.notify.*}, checked. */
final class NotifySettings {

    private NotifySettings() {}

    /** @param logs true if notices are told by the log too */
    static Notifying.Settings of(Settings settings, boolean logs) {
        return new Notifying.Settings(
                new NoticeSettings(
                        store -> settings.durationOf(store, "notices.backup-age"),
                        store -> settings.durationOf(store, "notices.exposure")),
                new OutboxSettings(
                        logs,
                        quiet(settings),
                        settings.duration("notify.pause"),
                        settings.duration("notify.back-off"),
                        new Jobs.Schedule(settings.value("notify.digest.cron").strip(), settings.value("zone"))),
                settings.path("backup.directory"),
                settings.size("notices.disk"),
                Stream.of("webhook", "mail")
                        .filter(channel ->
                                settings.value("notify." + channel + ".enabled").equals("true"))
                        .toList());
    }

    /** Everything that can be wrong; of a secret value it is said what it must be, not what it is. */
    static void check(Settings settings) {
        for (String name : List.of("notify.pause", "notify.back-off", "notices.backup-age", "notices.exposure")) {
            settings.duration(name);
        }
        settings.size("notices.disk");
        quiet(settings);
        if (settings.yesOrNo("notify.webhook.enabled")) {
            if (!isUrl(settings.value("notify.webhook.url"))) {
                throw settings.wrong(
                        "upkeep.notify.webhook.url", "must be an address that starts with https:// or http://");
            }
            String format = settings.value("notify.webhook.format");
            if (!List.of("json", "slack").contains(format)) {
                throw settings.wrong("upkeep.notify.webhook.format", "must be json or slack, not '" + format + "'");
            }
        }
        if (settings.yesOrNo("notify.mail.enabled")) {
            if (!settings.value("notify.mail.server").matches("smtps?:(//)?[^/?\\s:]+(:[0-9]{1,5})?/?(\\?\\S*)?")) {
                throw settings.wrong(
                        "upkeep.notify.mail.server",
                        "must be a Camel endpoint such as smtps:mail.example:465?username=NAME&password=RAW(PASSWORD)");
            }
            address(settings, "notify.mail.from", false);
            address(settings, "notify.mail.to", true);
        }
    }

    private static boolean isUrl(String url) {
        try {
            URI uri = new URI(url);
            return List.of("https", "http").contains(String.valueOf(uri.getScheme())) && uri.getHost() != null;
        } catch (java.net.URISyntaxException e) {
            return false;
        }
    }

    private static void address(Settings settings, String name, boolean several) {
        String one = "[^@\\s,]+@[^@\\s,]+";
        if (!settings.value(name).matches(several ? one + "(\\s*,\\s*" + one + ")*" : one)) {
            throw settings.wrong(
                    "upkeep." + name,
                    "must be an address such as ops@example.org" + (several ? ", or several with commas between" : "")
                            + ", not '" + PlainText.of(settings.value(name)) + "'");
        }
    }

    private static Quiet quiet(Settings settings) {
        try {
            return Quiet.parse(settings.value("notify.quiet"), ZoneId.of(settings.value("zone")));
        } catch (IllegalArgumentException e) {
            throw settings.wrong(
                    "upkeep.notify.quiet",
                    "must be hours such as 22:00-07:00, or empty, not '" + settings.value("notify.quiet") + "'");
        }
    }
}
