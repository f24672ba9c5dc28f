package dev.sparsellm.kernels.gguf;

import dev.sparsellm.spi.TensorType;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a GGUF version 3 file: first all metadata and tensor declarations, then the tensors' bytes in the order
 * declared. The bytes of the file depend on nothing but the calls made.
 */
public final class GgufWriter {

    /** Nothing to write yet. */
    public GgufWriter() {}

    /** A metadata value with the type the file gives it. */
    public GgufWriter string(String key, String value) {
        throw new UnsupportedOperationException("to be implemented by the gguf work item");
    }

    public GgufWriter uint32(String key, long value) {
        throw new UnsupportedOperationException();
    }

    public GgufWriter uint64(String key, long value) {
        throw new UnsupportedOperationException();
    }

    public GgufWriter float32(String key, float value) {
        throw new UnsupportedOperationException();
    }

    public GgufWriter flag(String key, boolean value) {
        throw new UnsupportedOperationException();
    }

    public GgufWriter strings(String key, List<String> values) {
        throw new UnsupportedOperationException();
    }

    public GgufWriter int32s(String key, int[] values) {
        throw new UnsupportedOperationException();
    }

    public GgufWriter float32s(String key, float[] values) {
        throw new UnsupportedOperationException();
    }

    /** Declares a tensor whose bytes {@code body} writes, exactly as many as type and dimensions give. */
    public GgufWriter tensor(String name, TensorType type, List<Long> dimensions, Body body) {
        throw new UnsupportedOperationException();
    }

    /** Writes to a temporary file beside {@code file}, forces it to disk, and moves it into place atomically. */
    public void write(Path file) throws java.io.IOException {
        throw new UnsupportedOperationException();
    }

    /** Produces a tensor's bytes. */
    @FunctionalInterface
    public interface Body {
        void writeTo(java.nio.channels.WritableByteChannel channel) throws java.io.IOException;
    }
}
