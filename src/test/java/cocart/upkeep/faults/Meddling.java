package cocart.upkeep.faults;

import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.StoreFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** A store in which somebody works while it is backed up: at known moments of the walk, something is done to it. */
public final class Meddling {

    /** What is done; errors fail the test. */
    public interface Deed {
        void run() throws IOException;
    }

    private Meddling() {}

    /** Does it when a path was listed and is not yet opened. */
    public static StoreFiles whenListed(StoreFiles files, String path, Deed deed) {
        return when("found", files, path, deed);
    }

    /** Does it when a file was opened, and may or may not have been read. */
    public static StoreFiles whenOpened(StoreFiles files, String path, Deed deed) {
        return when("open", files, path, deed);
    }

    private static StoreFiles when(String call, StoreFiles files, String path, Deed deed) {
        return (StoreFiles) proxy(StoreFiles.class, (method, arguments) -> {
            if (method.getName().equals("walk")) {
                Object visitor = arguments[1];
                arguments[1] = proxy(StoreFiles.Visitor.class, (told, entry) -> {
                    Object result = invoke(visitor, told, entry);
                    if (told.getName().equals(call)
                            && ((FileEntry) entry[0]).path().equals(path)) {
                        try {
                            deed.run();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                    return result;
                });
            }
            return invoke(files, method, arguments);
        });
    }

    private interface Handler {
        Object handle(Method method, Object[] arguments) throws Throwable;
    }

    private static Object proxy(Class<?> type, Handler handler) {
        return Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> handler.handle(method, arguments));
    }

    private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            method.setAccessible(true);
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
