package cocart.upkeep;

import cocart.upkeep.console.PlainWriter;
import cocart.upkeep.state.Away;
import cocart.upkeep.state.StateDatabase;
import cocart.upkeep.state.StateException;
import cocart.upkeep.state.Troubles;
import cocart.upkeep.store.Secrets;
import cocart.upkeep.store.StoreException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line: reads what is asked, starts what is needed, answers with an exit code. */
@Command(
        name = "upkeep",
        description = "Looks after WordPress stores that run CoCart: detects new code, backs up, migrates, completes.",
        subcommands = {
            Commands.Run.class,
            Commands.Once.class,
            StatusCommand.class,
            CheckCommand.class,
            TrustCommand.class,
            BackupCommands.Backup.class,
            BackupCommands.SnapshotsCommand.class,
            PruneCommand.class,
            VerifyCommand.class,
            RestoreCommand.class,
            RehearseCommand.class,
            Commands.Approve.class,
            Commands.Retry.class,
            Commands.Cancel.class,
            Commands.Dismiss.class,
            Commands.ShowToken.class,
            AutoComplete.GenerateCompletion.class,
            CommandLine.HelpCommand.class
        },
        mixinStandardHelpOptions = true,
        version = "CoCart Upkeep 0.1.0",
        footer = {"", "Exit codes: 0 fine, 1 something failed or needs a human, 2 wrong usage or settings."},
        synopsisSubcommandLabel = "COMMAND")
public final class Upkeep implements Runnable {

    static final int FINE = 0;
    static final int NEEDS_A_HUMAN = 1;
    static final int WRONG_USAGE = 2;

    @Option(
            names = "--home",
            scope = CommandLine.ScopeType.INHERIT,
            paramLabel = "DIR",
            description = "Folder with routes/, config/ and data/; default: where it is installed.")
    @Nullable
    Path home;

    @Option(
            names = "--profile",
            scope = CommandLine.ScopeType.INHERIT,
            paramLabel = "NAME",
            description = "Also read config/application-NAME.properties; its values win.")
    @Nullable
    String profile;

    public static void main(String[] args) {
        // for run something gentler is put in its place; everything else may be killed at any instant
        Signals.on(number -> {
            System.err.println("upkeep: stopped; the next run takes up what is unfinished");
            Runtime.getRuntime().halt(128 + number);
        });
        System.exit(execute(args));
    }

    /** Runs a command and returns its exit code; results go to stdout, everything else to stderr. */
    public static int execute(String... args) {
        return commandLine().execute(args);
    }

    /** The command line, ready to execute. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Upkeep());
        line.setExecutionExceptionHandler((error, failed, parsed) -> {
            if (error instanceof SettingsException
                    || error instanceof StateException
                    || error instanceof StoreException) {
                plainErr(failed).println("upkeep: " + Secrets.mask(String.valueOf(error.getMessage())));
                return error instanceof StoreException store && !store.isPermanent() ? NEEDS_A_HUMAN : WRONG_USAGE;
            }
            if (Away.isCauseOf(error)) {
                plainErr(failed).println("upkeep: " + Secrets.mask(Troubles.sentence(error)));
                return NEEDS_A_HUMAN;
            }
            throw error;
        });
        line.setParameterExceptionHandler((error, args) -> wrongUsage(error));
        return line;
    }

    private static PrintWriter plainErr(CommandLine line) {
        return PlainWriter.over(line.getErr(), false);
    }

    /** A sentence and where to read on; all options at once would hide it. */
    private static int wrongUsage(ParameterException error) {
        CommandLine line = error.getCommandLine();
        PrintWriter err = plainErr(line);
        boolean noCommand = line.getParent() == null
                && error instanceof UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption();
        err.println("upkeep: "
                + (noCommand
                        ? "there is no command "
                                + ((UnmatchedArgumentException) error)
                                        .getUnmatched()
                                        .get(0)
                        : error.getMessage()));
        UnmatchedArgumentException.printSuggestions(error, err);
        err.println("Try: " + line.getCommandSpec().qualifiedName() + " --help");
        return WRONG_USAGE;
    }

    /** Without a command: run. */
    @Override
    public void run() {
        try (Bundle bundle = open(true)) {
            Commands.runUntilStopped(bundle);
        }
    }

    /** Opens the bundle that the options name. */
    Bundle open(boolean ticks) {
        Settings settings = settings();
        try {
            return new Bundle(settings, ticks);
        } catch (DataAccessException e) {
            String away = StateDatabase.away(e, settings.value("database.url"), settings.value("database.username"));
            throw away == null ? e : new StateException(away, e);
        }
    }

    /** Reads the settings that the options name. */
    Settings settings() {
        String installed = System.getProperty("upkeep.home", "");
        Path folder =
                (home != null ? home : Path.of(installed)).toAbsolutePath().normalize();
        DataFolder.requireOwn(folder);
        String chosen = profile != null ? profile : System.getProperty("camel.main.profile");
        return Settings.load(folder, chosen);
    }
}
