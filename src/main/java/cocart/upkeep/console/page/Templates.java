package cocart.upkeep.console.page;

import freemarker.core.TemplateClassResolver;
import freemarker.template.Configuration;
import freemarker.template.TemplateException;
import freemarker.template.TemplateExceptionHandler;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/** The templates in {@code console/*.ftlh}, which escape every value by themselves. Safe for use by several threads. */
public final class Templates {

    private final Configuration configuration = new Configuration(Configuration.VERSION_2_3_35);

    public Templates() {
        configuration.setClassForTemplateLoading(Templates.class, "/console");
        configuration.setDefaultEncoding(StandardCharsets.UTF_8.name());
        configuration.setURLEscapingCharset(StandardCharsets.UTF_8.name());
        configuration.setLocale(Locale.ROOT);
        configuration.setNumberFormat("computer");
        configuration.setTemplateExceptionHandler(TemplateExceptionHandler.RETHROW_HANDLER);
        configuration.setLogTemplateExceptions(false);
        configuration.setWrapUncheckedExceptions(true);
        configuration.setFallbackOnNullLoopVariable(false);
        configuration.setNewBuiltinClassResolver(TemplateClassResolver.ALLOWS_NOTHING_RESOLVER);
    }

    /** The text that {@code console/NAME.ftlh} makes of a model. */
    public String render(String name, Map<String, ?> model) {
        StringWriter out = new StringWriter();
        try {
            configuration.getTemplate(name + ".ftlh").process(model, out);
        } catch (IOException e) {
            throw new UncheckedIOException("console/" + name + ".ftlh cannot be read", e);
        } catch (TemplateException e) {
            throw new IllegalStateException("console/" + name + ".ftlh does not fit what it shows", e);
        }
        return out.toString();
    }
}
