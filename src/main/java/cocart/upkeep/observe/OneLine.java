package cocart.upkeep.observe;

import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.Secrets;

/**
 * The message of a log event on one line, {@code %line} in patterns: what came from outside cannot forge lines or change
 * the terminal. Of an exception it tells what it and its causes say, and where each was thrown.
 */
public final class OneLine extends ThrowableHandlingConverter {

    private static final int MOST_CAUSES = 8;

    @Override
    public String convert(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(String.valueOf(event.getFormattedMessage()));
        IThrowableProxy thrown = event.getThrowableProxy();
        for (int i = 0; thrown != null && i < MOST_CAUSES; i++, thrown = thrown.getCause()) {
            line.append(i == 0 ? ": " : "; caused by ")
                    .append(thrown.getClassName())
                    .append(": ")
                    .append(thrown.getMessage());
            StackTraceElementProxy[] places = thrown.getStackTraceElementProxyArray();
            if (places != null && places.length > 0) {
                line.append(' ').append(places[0].getSTEAsString());
            }
        }
        return PlainText.of(Secrets.mask(line.toString()));
    }
}
