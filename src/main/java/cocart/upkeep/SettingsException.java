package cocart.upkeep;

/** Settings, routes or plans that cannot be used; the message is one sentence with file, line or property and remedy. */
public class SettingsException extends RuntimeException {

    public SettingsException(String message) {
        super(message);
    }
}
