package cocart.upkeep;

import cocart.upkeep.store.Faults;
import java.io.IOException;
import java.io.Reader;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.impl.DefaultCamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Properties as they are written: from files, the environment and the system, and where each one stands. */
final class SettingsSource {

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[^{}]*\\}\\}");

    private final Path home;
    private final List<Path> files = new ArrayList<>();
    private final Map<String, String> sources = new HashMap<>();
    private final Map<String, String> values = new TreeMap<>();

    /** @param home what files that placeholders name are relative to */
    SettingsSource(Path home) {
        this.home = home;
    }

    /** Everything read so far, by name; live. */
    Map<String, String> values() {
        return values;
    }

    /** Reads a file; its values win over those read before. */
    void read(Path from) {
        files.add(from);
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(from, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            throw new SettingsException(from + " does not exist; "
                    + (files.size() == 1
                            ? "give the folder that holds config/ and routes/ by --home DIR"
                            : "make it, or leave out --profile"));
        } catch (IOException e) {
            throw new SettingsException(from + " cannot be read: " + Faults.words(e));
        } catch (IllegalArgumentException e) {
            throw new SettingsException(from + " is no properties file: " + e.getMessage());
        }
        properties
                .stringPropertyNames()
                .forEach(name -> values.put(name, properties.getProperty(name).trim()));
    }

    /** Reads the environment variables of properties: upkeep.data-update is UPKEEP_DATA_UPDATE. */
    void readEnvironment(Map<String, String> environment, List<String> names) {
        Set<String> known = new HashSet<>();
        for (String name : names) {
            String variable = name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
            known.add(variable);
            String value = environment.get(variable);
            if (value != null) {
                values.put(name, value);
                sources.put(name, "environment variable " + variable);
            }
        }
        environment.keySet().stream()
                .filter(variable -> variable.startsWith("UPKEEP_STORE_") && !known.contains(variable))
                .forEach(variable -> LOG.warn("The environment variable {} sets no property of a store.", variable));
    }

    /** Reads system properties; those of demo and start script are none of ours. */
    void readSystem() {
        System.getProperties().stringPropertyNames().stream()
                .filter(name ->
                        name.startsWith("upkeep.") && !name.startsWith("upkeep.demo.") && !name.equals("upkeep.home"))
                .forEach(name -> {
                    values.put(name, System.getProperty(name));
                    sources.put(name, "system property");
                });
    }

    /** Puts in what Camel's placeholders stand for, such as {@code {{env:NAME}}}. */
    void resolvePlaceholders() {
        if (values.values().stream().noneMatch(value -> value.contains("{{"))) {
            return;
        }
        try (DefaultCamelContext context = new DefaultCamelContext(false)) {
            Properties properties = new Properties();
            properties.putAll(values);
            context.getPropertiesComponent().setInitialProperties(properties);
            context.getPropertiesComponent().addPropertiesFunction(new FilePropertiesFunction(home));
            context.build();
            for (Map.Entry<String, String> entry : values.entrySet()) {
                if (entry.getKey().startsWith("upkeep.") && entry.getValue().contains("{{")) {
                    entry.setValue(resolved(context, entry.getKey(), entry.getValue()));
                }
            }
        } catch (IOException e) {
            throw new SettingsException(files.get(0) + " cannot be used: " + Faults.words(e));
        }
    }

    /** Camel's own message would show the whole value, which may hold another secret: only the placeholder is named. */
    private String resolved(DefaultCamelContext context, String name, String value) {
        Matcher placeholder = PLACEHOLDER.matcher(value);
        while (placeholder.find()) {
            try {
                context.resolvePropertyPlaceholders(placeholder.group());
            } catch (RuntimeException e) {
                throw new SettingsException(where(name) + name + " refers to " + placeholder.group()
                        + (placeholder.group().startsWith("{{file:")
                                ? ", a file that cannot be read"
                                : ", which has no value"));
            }
        }
        try {
            return context.resolvePropertyPlaceholders(value);
        } catch (RuntimeException e) {
            throw new SettingsException(where(name) + name + " has {{ and }} that do not belong together");
        }
    }

    /**
     * A URL with what {@code {{env:NAME}}} and {@code {{file:PATH}}} in it stand for; behind its {@code ?} as the value
     * of an option, whatever characters it has.
     *
     * @param what the URL's name, for sentences
     * @throws SettingsException if one stands for nothing
     */
    static String resolvedUrl(Path home, String what, String url) {
        if (!url.contains("{{")) {
            return url;
        }
        try (DefaultCamelContext context = new DefaultCamelContext(false)) {
            context.getPropertiesComponent().addPropertiesFunction(new FilePropertiesFunction(home));
            context.build();
            int options = url.indexOf('?');
            return PLACEHOLDER.matcher(url).replaceAll(placeholder -> {
                String value;
                try {
                    value = context.resolvePropertyPlaceholders(placeholder.group());
                } catch (RuntimeException e) {
                    throw new SettingsException(what + " refers to " + placeholder.group()
                            + (placeholder.group().startsWith("{{file:")
                                    ? ", a file that cannot be read"
                                    : ", which has no value"));
                }
                boolean isOption = options >= 0 && placeholder.start() > options;
                return Matcher.quoteReplacement(isOption ? URLEncoder.encode(value, StandardCharsets.UTF_8) : value);
            });
        } catch (IOException e) {
            throw new SettingsException(what + " cannot be read: " + Faults.words(e));
        }
    }

    /** Where a property was set: {@code config/application.properties, line 12: }, or the environment variable. */
    String where(String name) {
        String source = sources.get(name);
        if (source != null) {
            return source + ": ";
        }
        for (int f = files.size() - 1; f >= 0; f--) {
            int line = line(files.get(f), name);
            if (line > 0) {
                return files.get(f) + ", line " + line + ": ";
            }
        }
        return files.get(0) + ": ";
    }

    /** The last line that sets a property, as the last one counts; 0 if none does. */
    private static int line(Path file, String name) {
        int found = 0;
        try {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i).strip();
                if (line.startsWith(name)
                        && line.substring(name.length()).stripLeading().matches("([=:].*)?")) {
                    found = i + 1;
                }
            }
        } catch (IOException e) {
            return 0;
        }
        return found;
    }
}
