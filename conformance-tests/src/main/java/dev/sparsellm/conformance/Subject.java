package dev.sparsellm.conformance;

import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.WorkerGroup;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * What is tested, and with what.
 *
 * @param provider an instance made for the rule under test
 * @param fresh makes another
 * @param values of settings
 * @param dense the host's exact operators, given those of the kit
 * @param folder empty, for the cache
 */
record Subject(
        OperatorProvider provider,
        Supplier<OperatorProvider> fresh,
        Map<String, String> values,
        Capabilities capabilities,
        BiFunction<ModelDescription, DenseOperators, DenseOperators> dense,
        Path folder) {

    /** The same with another instance of the provider. */
    Subject afresh() {
        return new Subject(fresh.get(), fresh, values, capabilities, dense, folder);
    }

    Settings settings() {
        return new Settings(provider.settings(), values);
    }

    /** Plans and prepares on one thread. */
    Trial prepare(TinyModel model) {
        return prepare(model, KitWorkers.one());
    }

    Trial prepare(TinyModel model, WorkerGroup workers) {
        return prepare(model, workers, folder.resolve("cache"));
    }

    Trial prepare(TinyModel model, WorkerGroup workers, Path cache) {
        return Trial.of(this, model, workers, cache);
    }
}
