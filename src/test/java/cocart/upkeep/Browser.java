package cocart.upkeep;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** The machine's own Chromium, and what its console says of the pages. */
final class Browser implements AutoCloseable {

    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final double PATIENCE_MILLIS = 20_000;

    /** Errors of pages, among them what the content security policy forbids. */
    final List<String> errors = new CopyOnWriteArrayList<>();

    private final Playwright playwright;
    private final com.microsoft.playwright.Browser browser;
    private final String address;

    /** @param address of the console; the test is skipped where no Chromium is installed */
    Browser(String address) {
        this.address = address.replaceFirst("/$", "");
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(CHROMIUM)
                        .setArgs(List.of(
                                "--headless",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-quic",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync")));
    }

    /** Skips the test, with a visible message, where there is none. */
    static void assumeThere() {
        boolean there = Files.isExecutable(CHROMIUM);
        if (!there) {
            System.err.println("SKIPPED: the page is not tested in a browser, as there is no " + CHROMIUM);
        }
        assumeTrue(there, "SKIPPED: there is no " + CHROMIUM + "; install it, for example: apt-get install chromium");
    }

    /** A window of somebody who knows nothing yet: no token, no history. */
    Page window(int width, int height, ColorScheme colours, boolean javaScript) {
        BrowserContext context = browser.newContext(new com.microsoft.playwright.Browser.NewContextOptions()
                .setBaseURL(address)
                .setViewportSize(width, height)
                .setColorScheme(colours)
                .setReducedMotion(ReducedMotion.REDUCE)
                .setJavaScriptEnabled(javaScript));
        context.setDefaultTimeout(PATIENCE_MILLIS);
        Page page = context.newPage();
        page.onConsoleMessage(message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
                errors.add(message.location() + ": " + message.text());
            }
        });
        page.onPageError(error -> errors.add(error));
        page.onRequest(request -> {
            if (!request.url().startsWith(address)) {
                errors.add("asked another host: " + request.url());
            }
        });
        return page;
    }

    Page window() {
        return window(1280, 900, ColorScheme.LIGHT, true);
    }

    /** Writes {@code target/screenshots/NAME.png}, for people. */
    static void shoot(Page page, String name, boolean whole) {
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(Path.of("target/screenshots/" + name + ".png"))
                .setFullPage(whole));
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}
