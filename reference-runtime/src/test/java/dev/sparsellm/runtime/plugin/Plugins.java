package dev.sparsellm.runtime.plugin;

import dev.sparsellm.spi.OperatorProvider;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** Puts a provider of the tests on the path, as a jar would, for one call. */
public final class Plugins {

    private Plugins() {}

    /** Runs something with one more provider; {@code folder} is an empty one to announce it in. */
    public static <T> T with(Class<? extends OperatorProvider> provider, Path folder, Callable<T> work) throws Exception {
        Path services = folder.resolve("META-INF/services");
        Files.createDirectories(services);
        Files.writeString(services.resolve(OperatorProvider.class.getName()), provider.getName());
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            thread.setContextClassLoader(loader);
            return work.call();
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
