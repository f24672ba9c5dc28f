package dev.sparsellm.runtime;

import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import dev.sparsellm.kernels.gguf.GgufTensor;
import dev.sparsellm.kernels.gguf.ModelFingerprint;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.host.HostOfModel;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.lineup.LineupBuilder;
import dev.sparsellm.runtime.lineup.ProviderPlan;
import dev.sparsellm.runtime.llama.LlamaConfig;
import dev.sparsellm.runtime.llama.LlamaWeights;
import dev.sparsellm.runtime.parallel.SpinningWorkers;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open model: weights mapped, tokenizer read, providers found. Open one, then as many {@link Session}s as needed,
 * with the same operators or different ones. Safe for any thread.
 */
public final class Model implements AutoCloseable {

    /** Positions a session holds when nobody asked for more: a longer context costs tables and scratch. */
    private static final int DEFAULT_CONTEXT = 4096;

    /** Beyond every model there is; tables of so many positions are still arrays. */
    private static final int MAX_CONTEXT = 1 << 24;

    /**
     * Looking at the file's date takes microseconds where a pass is short, and 0.2 to 0.8 ms after the weights of a large
     * one have driven this code out of every cache.
     */
    private static final long BETWEEN_CHECKS_NANOS = 50_000_000;

    private final Path path;
    private final Gguf file;
    private final Tokenizer tokenizer;
    private final ModelDescription description;
    private final SpinningWorkers workers;
    private final HostOfModel host;
    private final ProviderCatalog catalog;
    private final LineupBuilder lineupBuilder;
    private final String defaultProviders;
    private final KernelChoice kernels;
    private final Map<String, Lineup> lineups = new HashMap<>();
    private volatile long checkedNanos = System.nanoTime();
    private boolean closed;

    private Model(Path path, Gguf file, ModelOptions options, KernelChoice kernels, ProviderCatalog catalog) {
        this.path = path;
        this.file = file;
        this.kernels = kernels;
        tokenizer = Tokenizer.of(file.metadata());
        LlamaConfig config = LlamaConfig.of(file.metadata(), tokenizer.vocabularySize());
        LlamaWeights weights = LlamaWeights.of(file, config, kernels.kernels());
        description = new ModelDescription(
                config.name(),
                LlamaConfig.ARCHITECTURE,
                ModelFingerprint.of(file),
                config.shape(),
                ActivationFunction.SILU,
                weights.layers(),
                weights.output());
        this.catalog = catalog;
        defaultProviders = options.providers();
        workers = new SpinningWorkers(options.threads());
        host = new HostOfModel(
                description,
                config,
                weights,
                tokenizer,
                kernels.kernels(),
                workers,
                options.cacheDirectory(),
                options.progress(),
                options.notices());
        lineupBuilder = new LineupBuilder(catalog, description, host, options.settings(), options.notices());
    }

    /** Opens a model with {@link ModelOptions#defaults()}. */
    public static Model load(Path file) {
        return load(file, ModelOptions.defaults());
    }

    /**
     * Opens a model. Providers are found now, and prepare when {@link #lineup} or a session first needs them.
     *
     * @param file a GGUF file, or the first of a split model
     * @throws GgufException if the file is missing, damaged, or of a kind that is not supported
     * @throws dev.sparsellm.spi.ProviderException if two providers have the same id
     */
    public static Model load(Path file, ModelOptions options) {
        return load(file, options, ProviderCatalog.discover(classLoader()));
    }

    /**
     * Opens a model with given providers in place of those on the path.
     *
     * @throws GgufException if the file is missing, damaged, or of a kind that is not supported
     */
    public static Model load(Path file, ModelOptions options, ProviderCatalog catalog) {
        KernelChoice kernels = KernelChoice.ofThisJvm();
        if (!kernels.warning().isEmpty()) {
            options.notices().accept(kernels.warning());
        }
        Gguf gguf = Gguf.open(file);
        try {
            return new Model(file, gguf, options, kernels, catalog);
        } catch (InternalError e) {
            gguf.close();
            throw readFault(file, e);
        } catch (RuntimeException | Error e) {
            gguf.close();
            throw e;
        }
    }

    /**
     * What is to be told of an error during a pass. Pages of a mapped file that are no longer there, because it was cut
     * short, or because the disk failed, are an {@link InternalError} to Java.
     */
    static RuntimeException readFault(Path file, InternalError e) {
        if (e.getMessage() == null || !e.getMessage().contains("unsafe memory access")) {
            throw e;
        }
        return new GgufException("The file " + file + ", or one that a provider keeps in its cache, can no longer be"
                + " read: it was cut short while in use, or its disk failed. Open it again", e);
    }

    /** Checks now and then that what is mapped is what was opened. */
    void requireUnchanged() {
        long now = System.nanoTime();
        if (now - checkedNanos > BETWEEN_CHECKS_NANOS) {
            file.requireUnchanged();
            checkedNanos = now;
        }
    }

    /** The file this model was opened from. */
    public Path path() {
        return path;
    }

    /** Shape, weights and fingerprint, as providers see them. */
    public ModelDescription description() {
        return description;
    }

    /** All metadata of the file. */
    public GgufMetadata metadata() {
        return file.metadata();
    }

    /** All tensors of the file. */
    public List<GgufTensor> tensors() {
        return file.tensors();
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** How conversations are written for this model; empty if it was not made for any, or for one not known. */
    public Optional<ChatFormat> chatFormat() {
        return ChatFormat.of(file.metadata(), tokenizer);
    }

    /** The providers on the path. */
    public ProviderCatalog providers() {
        return catalog;
    }

    /** Name of the kernels in use, such as {@code vector-512}. */
    public String kernels() {
        return kernels.kernels().name();
    }

    /** Threads that compute. */
    public int threads() {
        return workers.threads();
    }

    /** What this host does for providers: for tools that calibrate. */
    public HostServices host() {
        return host;
    }

    /** What would serve what under a preference, without preparing anything. */
    public List<ProviderPlan> plan(String providers) {
        return lineupBuilder.plan(providers);
    }

    /** The lineup of {@link ModelOptions#providers()}. */
    public Lineup defaultLineup() {
        return lineup(defaultProviders);
    }

    /**
     * Who computes what under a preference; providers prepare now, which may take long, and once for each preference.
     *
     * @param providers such as {@code dense}, {@code chess,dense} or {@code chess:method=cats:sparsity=0.7}; empty for
     *     all on the path by priority
     * @throws dev.sparsellm.spi.ProviderException if a provider named cannot serve this model
     * @throws dev.sparsellm.spi.SettingsException if a setting is unknown or its value not allowed
     */
    public synchronized Lineup lineup(String providers) {
        requireOpen();
        Lineup lineup = lineups.get(providers);
        if (lineup == null) {
            lineup = lineupBuilder.build(providers);
            lineups.put(providers, lineup);
        }
        return lineup;
    }

    /** A session with the default lineup and a context of at most 4096 positions. */
    public Session newSession() {
        return newSession(defaultLineup(), Math.min(DEFAULT_CONTEXT, description.shape().contextLength()));
    }

    /**
     * A session.
     *
     * @param lineup one of this model's
     * @param contextLength the most positions it can hold
     */
    public Session newSession(Lineup lineup, int contextLength) {
        if (contextLength < 1 || contextLength > MAX_CONTEXT) {
            throw new IllegalArgumentException("The context must hold 1 to " + MAX_CONTEXT + " positions (--ctx), was "
                    + contextLength);
        }
        synchronized (this) {
            requireOpen();
        }
        return new Session(this, host, lineup, contextLength);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The model " + path + " has been closed");
        }
    }

    /** Ends threads, closes providers and unmaps the file. Close sessions first: afterwards they fail. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        lineups.values().forEach(lineup -> lineup.members().forEach(member -> member.operators().close()));
        workers.close();
        file.close();
    }

    /** Plugins may be visible to the application only, not to this module. */
    private static ClassLoader classLoader() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return context != null ? context : Model.class.getClassLoader();
    }
}
