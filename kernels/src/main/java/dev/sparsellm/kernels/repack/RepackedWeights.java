package dev.sparsellm.kernels.repack;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.spi.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The channel-major form of some of a model's tensors. Safe for any thread; not to be closed while in use. */
public final class RepackedWeights implements AutoCloseable {

    private final Arena arena;
    private final Map<String, ChannelMajor> weights;
    private final Path file;

    RepackedWeights(Arena arena, Map<String, ChannelMajor> weights, Path file) {
        this.arena = arena;
        this.weights = Map.copyOf(weights);
        this.file = file;
    }

    /**
     * The form of a tensor.
     *
     * @throws IllegalArgumentException if it was not among those asked for
     */
    public ChannelMajor of(Tensor tensor) {
        ChannelMajor found = weights.get(tensor.name());
        if (found == null) {
            throw new IllegalArgumentException(
                    "Tensor " + tensor.name() + " was not repacked; these were: " + weights.keySet());
        }
        return found;
    }

    /** The file that is mapped; empty where the weights are in memory only. */
    public Optional<Path> file() {
        return Optional.ofNullable(file);
    }

    /** Bytes of the weights. */
    public long byteSize() {
        return weights.values().stream().mapToLong(w -> w.data().byteSize()).sum();
    }

    /** Ends the mapping, or frees the memory. */
    @Override
    public void close() {
        arena.close();
    }
}
