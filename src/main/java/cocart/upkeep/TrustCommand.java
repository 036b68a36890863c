package cocart.upkeep;

import cocart.upkeep.store.KnownHosts;
import cocart.upkeep.store.ShownKey;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.StoreSettings;
import java.io.Console;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Shows the host key of a store's server and records it, once a human or a given fingerprint says that it is right. */
@Command(
        name = "trust",
        description = "Show the host key of a store's server and record it as trusted.",
        mixinStandardHelpOptions = true)
final class TrustCommand extends Commands.Base {

    private static final Pattern FINGERPRINT = Pattern.compile("SHA256:([A-Za-z0-9+/]{43})=?");

    @Parameters(
            paramLabel = "STORE",
            completionCandidates = StoreIds.class,
            description = "Id of the store, as in upkeep.stores.")
    String store;

    @Option(names = "--yes", description = "Trust whatever the server shows, without a question.")
    boolean yes;

    @Option(
            names = "--fingerprint",
            paramLabel = "SHA256:...",
            description = "Trust the key with this fingerprint and no other, without a question.")
    @Nullable
    String fingerprint;

    @Option(names = "--replace", description = "Also when another key was recorded before.")
    boolean replace;

    @Override
    public Integer call() throws Exception {
        if (fingerprint != null && !FINGERPRINT.matcher(fingerprint).matches()) {
            throw new ParameterException(
                    spec.commandLine(), "--fingerprint must look like SHA256:..., as ssh-keygen -l shows it");
        }
        Settings settings = upkeep.settings();
        StoreSettings chosen = ConfiguredStores.get(settings, store);
        if (!chosen.files().startsWith("sftp:")) {
            out().println("There is nothing to trust: only sftp: stores have a host key, and the files of " + store
                    + " are " + chosen.files().substring(0, chosen.files().indexOf(':')) + ":");
            return Upkeep.FINE;
        }
        if (chosen.files().contains("strictHostKeyChecking=no")) {
            err().println("upkeep: store " + store + ": upkeep.store." + store
                    + ".files says strictHostKeyChecking=no, so"
                    + " that no key is looked at when it is used; take that out");
        }
        if (chosen.files().contains("=#")) { // beans of the routes, such as a proxy
            try (Bundle bundle = new Bundle(settings, false)) {
                return trust(new StoreFilesFactory(bundle.start(), settings.home()).hostKey(chosen));
            }
        }
        try (CamelContext context = new DefaultCamelContext()) {
            return trust(new StoreFilesFactory(context, settings.home()).hostKey(chosen));
        }
    }

    private int trust(ShownKey key) {
        String shown = key.type() + " " + key.fingerprint();
        String expected = fingerprint == null ? null : fingerprint.replaceFirst("=$", "");
        if (expected != null && !expected.equals(key.fingerprint())) {
            return refused(key.server() + " shows " + shown + " and not " + expected
                    + "; nothing was recorded. Compare again (on the server: " + key.howToCompare()
                    + "); if they still differ, somebody may be listening in");
        }
        if (key.trusted()) {
            out().println("Already trusted: " + key.server() + " shows " + shown + ", which is in " + key.file());
            return Upkeep.FINE;
        }
        out().println(key.server() + " shows the host key " + shown);
        if (key.isChanged()) {
            out().println("Recorded in " + key.file() + " is " + String.join(", ", key.recorded()));
        }
        out().println("Compare it with what the server's owner tells you; on the server itself: " + key.howToCompare());
        out().flush();
        if (key.isChanged() && !replace) {
            return refused("the host key of " + key.server()
                    + " has changed and nothing was recorded. If the server was" + " set up anew, run upkeep trust "
                    + store + " --replace, else somebody may be listening in");
        }
        if (!yes && expected == null) {
            Console console = terminal();
            if (console == null) {
                err().println("upkeep: store " + store + ": this is no terminal that could be asked; once you have"
                        + " compared the key, give --fingerprint " + key.fingerprint() + " (or --yes)");
                return Upkeep.WRONG_USAGE;
            }
            String answer = console.readLine("Trust it? (yes/no) ");
            if (answer == null || !answer.strip().equalsIgnoreCase("yes")) {
                return refused("the host key of " + key.server() + " was not trusted; nothing was recorded");
            }
        }
        new KnownHosts(key.file()).record(key);
        out().println("Trusted: recorded in " + key.file());
        return Upkeep.FINE;
    }

    private int refused(String why) {
        err().println("upkeep: store " + store + ": " + why);
        return Upkeep.NEEDS_A_HUMAN;
    }

    /** Null if input or output is no terminal; from Java 22 on there is a console all the same, which knows that. */
    private static @Nullable Console terminal() {
        Console console = System.console();
        if (console == null) {
            return null;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console) ? console : null;
        } catch (ReflectiveOperationException e) {
            return console;
        }
    }
}
