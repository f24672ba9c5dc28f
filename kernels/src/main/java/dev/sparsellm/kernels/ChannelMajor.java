package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A weight matrix re-packed so that the weights of one input channel for all outputs lie side by side, and a channel
 * that is not needed need not be read. GGML's blocks run along the channels: the probability that a whole block can be
 * skipped is nil. Nothing is rounded again: codes are transposed and the original scales kept, as a matrix
 * {@code [columns / group][rows]}, so that
 *
 * <pre>y[o] += s[g][o] · Σ_{i ∈ g, i active} a[i] · q[i][o]</pre>
 *
 * holds for exactly the weights of the file. Multiply with {@link Kernels#channels}.
 *
 * @param type how the weights were stored
 * @param rows outputs
 * @param columns input channels
 * @param data as {@link #repack(Tensor, MemorySegment)} wrote it, valid for as long as this is in use
 */
public record ChannelMajor(TensorType type, int rows, int columns, MemorySegment data) {

    /** Identifies the layout of {@code data}: files written under another number must not be used. */
    public static final int LAYOUT_VERSION = ChannelLayout.VERSION;

    /** @throws IllegalArgumentException if {@code data} has another size than type, rows and columns give */
    public ChannelMajor {
        Objects.requireNonNull(type, "type");
        long expected = ChannelLayout.of(type, rows, columns).byteSize();
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException("Channel-major %s [%d][%d] needs %d bytes and was given %d"
                    .formatted(type, rows, columns, expected, data.byteSize()));
        }
    }

    /** Whether weights of a type have a channel-major form. */
    public static boolean supports(TensorType type) {
        return switch (type) {
            case I32, I64, F64 -> false;
            default -> true;
        };
    }

    /** Bytes of a tensor's channel-major form: about as many as it has, outputs padded to whole cache lines. */
    public static long byteSize(Tensor tensor) {
        return ChannelLayout.of(tensor).byteSize();
    }

    /** Parts of a tensor that can be repacked independently: see {@link #repack(Tensor, MemorySegment, int, int)}. */
    public static int units(Tensor tensor) {
        return ChannelLayout.of(tensor).units();
    }

    /**
     * Repacks a tensor.
     *
     * @param destination {@link #byteSize} bytes of any content
     */
    public static ChannelMajor repack(Tensor tensor, MemorySegment destination) {
        repack(tensor, destination, 0, units(tensor));
        return new ChannelMajor(tensor.type(), tensor.rows(), tensor.columns(), destination);
    }

    /**
     * Repacks the units in [from, to): disjoint ranges write disjoint bytes, so that threads may share the work. The
     * bytes written do not depend on how it is cut.
     *
     * @param destination the whole tensor's {@link #byteSize} bytes
     */
    public static void repack(Tensor tensor, MemorySegment destination, int from, int to) {
        ChannelLayout layout = ChannelLayout.of(tensor);
        Ranges.check(from, to, layout.units(), tensor.name());
        if (destination.byteSize() != layout.byteSize()) {
            throw new IllegalArgumentException("The channel-major form of tensor %s needs %d bytes and was given %d"
                    .formatted(tensor.name(), layout.byteSize(), destination.byteSize()));
        }
        new Repacker(tensor, layout, destination).repack(from, to);
    }

    ChannelLayout layout() {
        return ChannelLayout.of(type, rows, columns);
    }
}
