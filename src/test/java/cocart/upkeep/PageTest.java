package cocart.upkeep;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.Rule;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page in a real browser: store acme on real servers, beside it 1,000 stores that are only known. Screenshots are
 * written to target/screenshots.
 */
class PageTest {

    private static final int STORES = 1000;
    private static final String HOSTILE = "<script>document.title='taken over'</script><b id=taken>&amp;";
    private static final Duration PATIENCE = Duration.ofSeconds(100);

    @TempDir
    static Path folder;

    private static Shop shop;
    private static Bundle bundle;
    private static Browser browser;
    private static List<String> ids;

    @BeforeAll
    static void open() throws Exception {
        Browser.assumeThere();
        setDefaultAssertionTimeout(PATIENCE.toMillis());
        shop = new Shop(folder, "manual", "2.9.3", 200);
        shop.files.plugin("2.9.3");
        ids = Crowd.ids(STORES);
        List<String> more = new ArrayList<>(List.of(
                "upkeep.console.enabled = true",
                "upkeep.console.port = 0",
                "upkeep.stores = acme," + String.join(",", ids),
                "upkeep.store.acme.url = https://acme.example",
                "upkeep.store.acme.backup.cron = 0 0 3 * * ?",
                "upkeep.lease = 10m",
                "upkeep.notices.cron = 0 0 0 1 1 ? 2099",
                "upkeep.backup.cron = 0 0 0 1 1 ? 2099"));
        more.addAll(Crowd.settings(ids));
        shop.settings(more.toArray(String[]::new));
        bundle = new Bundle(Settings.load(shop.home, null), true);
        try (Connection state = DriverManager.getConnection(
                "jdbc:h2:file:" + shop.home.resolve("data/upkeep") + ";AUTO_SERVER=TRUE", "sa", "")) {
            Crowd fleet = new Crowd(state, shop.home.resolve("data/backups"));
            fleet.fill(ids.subList(2, ids.size())).forEach(bundle.notices::refresh);
            fleet.old(ids.get(0));
            fleet.hostile(ids.get(1), HOSTILE);
        }
        bundle.start();
        browser = new Browser(bundle.consoleAddress().orElseThrow().toString());
    }

    @AfterAll
    static void close() throws Exception {
        if (browser != null) {
            browser.close();
        }
        if (bundle != null) {
            bundle.close();
        }
        if (shop != null) {
            shop.close();
        }
    }

    @BeforeEach
    void noErrorsYet() {
        browser.errors.clear();
    }

    @Test
    void anUpdateIsSteeredFromItsNoticeToItsEndByKeyboardAlone() throws Exception {
        Page page = browser.window();
        page.navigate("/stores/acme");
        assertThat(page.locator(".facts")).containsText("2.9.3");
        await().atMost(PATIENCE).until(() -> bundle.isSettled("acme", Shop.SLUG, "2.9.3"));
        shop.files.plugin("4.3.6");
        Locator update = button(page, "Update CoCart Database");
        assertThat(update).isVisible(); // by itself
        assertThat(page.locator(".notice h2")).hasText("CoCart database update required");
        Browser.shoot(page, "update-required", true);

        tabTo(page, "Update CoCart Database");
        page.keyboard().press("Enter");
        Locator question = page.getByRole(AriaRole.DIALOG, new Page.GetByRoleOptions().setName("Update the CoCart"));
        assertThat(question).containsText("bin/upkeep approve acme");
        assertThat(question).containsText("a dump of the database are made");
        Browser.shoot(page, "question", false);
        page.keyboard().press("Tab");
        page.keyboard().press("Enter");

        Locator token = page.getByRole(AriaRole.DIALOG, new Page.GetByRoleOptions().setName("Token"));
        assertThat(token).containsText("bin/upkeep token");
        page.keyboard().type("wrong");
        page.keyboard().press("Enter");
        assertThat(token.getByRole(AriaRole.ALERT)).containsText("This token is wrong.");
        assertThat(shop.database.columns()).hasSize(4);
        Browser.shoot(page, "wrong-token", false);
        // a browser says so by itself; it is the only error there may be
        assertThat(browser.errors).hasSize(1).allMatch(error -> error.contains("401"));
        browser.errors.clear();
        page.keyboard().type(Bundle.token(bundle.settings()).show());
        page.keyboard().press("Enter");
        assertThat(page.getByRole(AriaRole.STATUS)).containsText("Approved.");

        assertThat(page.locator(".notice h2")).hasText("CoCart database update complete");
        assertThat(page.locator("#data-update .mark").first()).hasText("complete");
        assertThat(page.locator(".steps tr[id^=step-] .mark"))
                .hasText(new String[] {"complete", "complete", "complete"});
        assertThat(page.locator("#data-update")).containsText("Carts before: 200, after: 200.");
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(page.locator(".snapshots tbody tr[id]").first()).isVisible();
        page.locator("#log-0 summary").click();
        assertThat(page.locator("#log-0")).containsText("Step add-cart-created complete");
        Browser.shoot(page, "update-complete", true);

        button(page, "Dismiss").click();
        assertThat(page.locator(".notice")).hasCount(0);
        assertThat(page.locator("#log-0 details")).hasAttribute("open", ""); // what was open stays so
        page.reload();
        assertThat(page.locator("h1")).hasText("acme");
        assertThat(page.locator(".notice")).hasCount(0);
        Page other = browser.window();
        other.navigate("/stores/acme");
        assertThat(other.locator(".notice")).hasCount(0);

        String hostile = "<img src=x onerror=\"document.title='taken over'\"><b id=taken>.txt";
        Path theirs = Files.writeString(shop.root.resolve("wp-content").resolve(hostile), "once");
        int before = page.locator(".snapshots tbody tr[id]").count();
        button(page, "Back up now").click(); // this tab needs the token no more
        assertThat(page.getByRole(AriaRole.STATUS)).containsText("Back-up started.");
        assertThat(page.locator(".snapshots tbody tr[id]")).hasCount(before + 1);

        button(other, "Verify").click();
        giveToken(other); // in another tab it is not known
        assertThat(other.getByRole(AriaRole.STATUS)).containsText("Verification started.");
        Locator newest = other.locator(".snapshots tbody tr[id]").first();
        assertThat(newest.locator(".marks")).hasText("verified");
        assertThat(other.locator("#history")).containsText("Verified whole: " + (before + 1) + " snapshots");

        Path held = shop.home
                .resolve("data/backups/snapshots/acme")
                .resolve(newest.getAttribute("id").replace("snapshot-", ""))
                .resolve("wp-content")
                .resolve(hostile);
        Files.delete(theirs); // so that it cannot be repaired
        Files.delete(held);
        button(other, "Verify").click();
        assertThat(newest.locator(".marks")).hasText("hurt");
        assertThat(newest.locator(".error")).containsText(hostile);
        bundle.notices.refresh("acme");
        assertThat(other.locator(".notice")).containsText(hostile);
        assertThat(other.locator("#taken")).hasCount(0);
        assertThat(other).hasTitle("acme – CoCart Upkeep");
        Browser.shoot(other, "hurt", true);
        assertThat(browser.errors).isEmpty();
    }

    @Test
    void retryAndCancelDoWhatTheySayAndTheTokenIsSentOnce() throws Exception {
        String store = ids.get(130);
        Page page = browser.window();
        List<String> sent = new CopyOnWriteArrayList<>();
        page.onRequest(request -> sent.add(
                request.method() + " " + request.url() + " " + request.headers().get("authorization")));
        page.navigate("/stores/" + store);
        assertThat(page.locator("#data-update .mark").first()).hasText("failed");
        button(page, "Retry").click();
        button(page, "Not now").click();
        assertThat(page.locator("#data-update .mark").first()).hasText("failed");
        button(page, "Retry").click();
        button(page.getByRole(AriaRole.DIALOG), "Retry").click();
        giveToken(page);
        assertThat(page.getByRole(AriaRole.STATUS)).containsText("Pending again.");
        assertThat(page.locator("#data-update .mark").first()).hasText("pending");
        assertThat(page.locator("#history")).containsText("retr");
        Browser.shoot(page, "retried", true);

        Bundle.token(bundle.settings()).replace(); // as a restart does, for this tab
        button(page, "Cancel").click();
        button(page.getByRole(AriaRole.DIALOG), "Cancel the update").click();
        assertThat(page.getByRole(AriaRole.ALERT)).containsText("Give the token once more.");
        assertThat(browser.errors).hasSize(1).allMatch(error -> error.contains("401"));
        browser.errors.clear();
        giveToken(page);
        assertThat(page.getByRole(AriaRole.STATUS)).containsText("Canceled.");
        assertThat(page.locator("#data-update .mark").first()).hasText("canceled");
        assertThat(bundle.updates().current(store).orElseThrow().state()).isEqualTo("canceled");
        assertThat(button(page, "Cancel")).hasCount(0);
        Browser.shoot(page, "canceled", true);

        String token = Bundle.token(bundle.settings()).show();
        assertThat(sent.stream().filter(request -> request.contains(token)).toList())
                .hasSize(1)
                .allMatch(request -> request.startsWith("POST ") && request.contains("/api/v1/session "));
        assertThat((String) page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie,"
                        + " ...[...document.querySelectorAll('input')].map((input) => input.value),"
                        + " ...[...document.querySelectorAll('dialog')].map((dialog) => dialog.returnValue)])"))
                .contains("upkeep-key")
                .doesNotContain(token);
        assertThat(browser.errors).isEmpty();
    }

    private static void giveToken(Page page) {
        assertThat(page.locator("#token")).isVisible();
        page.locator("#token-input").fill(Bundle.token(bundle.settings()).show());
        page.keyboard().press("Enter");
    }

    @Test
    void aThousandStoresAreFound() {
        Page page = browser.window();
        page.navigate("/");
        assertThat(page.locator(".stores tbody tr[id^=store-]")).hasCount(50);
        assertThat(page.locator(".filters")).containsText("All 1,001");
        // what needs a human comes first
        assertThat(page.locator(".stores tbody tr").first().locator(".mark").nth(2))
                .hasText("failed");
        Browser.shoot(page, "stores", false);

        page.locator("#q").pressSequentially("willow books");
        assertThat(page.locator(".stores tbody tr[id^=store-]")).hasCount(5);
        assertThat(page.locator("#q")).isFocused();
        assertThat(page.url()).endsWith("/?q=willow+books");
        page.locator("#q").fill("no such store");
        assertThat(page.locator(".empty h2")).hasText("No store matches “no such store”");
        page.locator("#q").fill("");
        page.locator(".filters a").nth(1).click();
        assertThat(page.locator(".stores tr.fine")).hasCount(0);
        page.navigate("/?page=21");
        assertThat(page.locator(".pages")).containsText("1,001–1,001 of 1,001 stores");
        page.locator("a[rel=prev]").click();
        assertThat(page.locator(".stores tbody tr[id^=store-]")).hasCount(50);
        assertThat(browser.errors).isEmpty();
    }

    @Test
    void whatAStoreCallsItselfIsTextAndNothingElse() {
        Page page = browser.window();
        page.navigate("/stores/" + ids.get(1));
        assertThat(page.locator(".facts")).containsText(HOSTILE);
        assertThat(page.locator("#history")).containsText("An event " + HOSTILE);
        assertThat(page.locator(".url")).containsText("https://" + ids.get(1) + ".example");
        page.navigate("/?q=" + URLEncoder.encode("nobody " + HOSTILE, StandardCharsets.UTF_8));
        assertThat(page.locator(".empty h2")).hasText("No store matches “nobody " + HOSTILE + "”");
        assertThat(page.locator("#taken")).hasCount(0);
        assertThat(page.title()).doesNotContain("taken over");
        assertThat(browser.errors).isEmpty();
        Response missing = page.navigate("/stores/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
        assertThat(missing.status()).isEqualTo(404);
        assertThat(page.locator("h1")).isVisible();
        page.getByText("All stores").click();
        assertThat(page.locator("h1")).hasText("Stores");
    }

    @Test
    void everythingCanBeReadWithoutJavaScript() {
        Page page = browser.window(1280, 900, ColorScheme.LIGHT, false);
        page.navigate("/");
        page.locator("#q").fill("failed");
        page.getByText("Search", new Page.GetByTextOptions().setExact(true))
                .last()
                .click();
        assertThat(page.locator(".stores tbody tr[id^=store-]").first()).isVisible();
        page.locator(".stores .id").first().click();
        assertThat(page.locator(".notice h2").first()).hasText("CoCart database update failed");
        assertThat(page.locator("#data-update")).containsText("Retry: bin/upkeep retry");
        assertThat(page.locator(".steps .error")).containsText("Grant it: GRANT ALTER");
        assertThat(page.locator("button:visible")).hasCount(0);
        Browser.shoot(page, "no-javascript", true);
        assertThat(browser.errors).isEmpty();
    }

    @Test
    void aPageKeepsUpAndSaysWhenItCannot() throws Exception {
        String store = ids.get(33);
        Page page = browser.window();
        page.navigate("/stores/" + store);
        assertThat(page.locator("#data-update .mark").first()).hasText("in-progress");
        assertThat(page.locator(".steps .rows")).containsText("31,200 of about 48,211 rows (64 %), about 42 s left");
        Browser.shoot(page, "in-progress", true);
        page.locator("#log-0 summary").focus();
        page.keyboard().press("Enter");
        try (Connection state = DriverManager.getConnection(
                "jdbc:h2:file:" + shop.home.resolve("data/upkeep") + ";AUTO_SERVER=TRUE", "sa", "")) {
            new Crowd(state, folder).rowsDone(store, 40_000);
        }
        assertThat(page.locator(".steps .rows")).containsText("40,000 of about 48,211 rows (82 %)");
        assertThat(page.locator("#log-0 summary")).isFocused();
        assertThat(page.locator("#log-0 details")).hasAttribute("open", "");
        assertThat(browser.errors).isEmpty();

        page.route("**/stores/*", route -> route.abort());
        assertThat(page.locator("#live")).containsText("Connection lost, last seen at ");
        Browser.shoot(page, "connection-lost", false);
        page.unroute("**/stores/*");
        page.evaluate("dispatchEvent(new Event('online'))");
        assertThat(page.locator("#live")).hasText("Live");
    }

    @Test
    void nobodyIsShutOut() {
        String list = "/?q=linden-tea";
        String old = "/stores/" + ids.get(0);
        String failed = "/stores/" + ids.get(5);
        List<String> faults = new ArrayList<>();
        Page page = browser.window();
        for (String path : List.of(list, old, failed)) {
            look(page, path, "light");
            faults.addAll(faults(new AxeBuilder(page), path));
        }
        button(page, "Retry").click();
        faults.addAll(faults(new AxeBuilder(page), "question"));
        Page dark = browser.window(1280, 900, ColorScheme.DARK, true);
        for (String path : List.of(list, old, failed)) {
            look(dark, path, "dark"); // only the colours are others
            faults.addAll(faults(new AxeBuilder(dark).withRules(List.of("color-contrast")), path + " dark"));
        }
        Page phone = browser.window(360, 740, ColorScheme.LIGHT, true);
        for (String path : List.of(list, failed, old)) {
            look(phone, path, "phone");
            assertThat(phone.evaluate("document.documentElement.scrollWidth"))
                    .as(path)
                    .isEqualTo(360);
        }
        faults.addAll(faults(new AxeBuilder(phone), "phone"));
        assertThat(faults).isEmpty();
        assertThat(browser.errors).isEmpty();
    }

    private static void look(Page page, String path, String how) {
        page.navigate(path);
        page.locator(".snapshots details").evaluateAll("all => all.slice(0, 1).forEach(one => { one.open = true; })");
        String name = path.startsWith("/?") ? "found" : path.endsWith(ids.get(0)) ? "store" : "failed";
        Browser.shoot(page, name + "-" + how, true);
    }

    private static List<String> faults(AxeBuilder axe, String where) {
        return axe.setLegacyMode(true).analyze().getViolations().stream()
                .filter(rule -> Stream.of("serious", "critical").anyMatch(rule.getImpact()::equals))
                .map(rule -> where + ": " + describe(rule))
                .toList();
    }

    private static String describe(Rule rule) {
        return rule.getHelp() + " " + rule.getNodes().get(0).getHtml() + " "
                + rule.getNodes().get(0).getFailureSummary();
    }

    private static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    private static Locator button(Locator dialog, String name) {
        return dialog.getByRole(
                AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name).setExact(true));
    }

    /** Goes to a button as somebody without a mouse does. */
    private static void tabTo(Page page, String name) {
        for (int i = 0; i < 20; i++) {
            page.keyboard().press("Tab");
            if (name.equals(page.evaluate("document.activeElement.textContent"))) {
                return;
            }
        }
        throw new AssertionError("no Tab leads to " + name);
    }
}
