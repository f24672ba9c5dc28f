package dev.sparsellm.kernels.gguf;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An open GGUF file, or the files of a split model as one. Memory-mapped; every count, length and extent is checked
 * before it is used. Safe for any thread until closed; afterwards its tensors must not be touched.
 */
public final class Gguf implements AutoCloseable {

    private Gguf() {}

    /**
     * Opens a file. If its name ends in {@code -00001-of-0000N.gguf}, all N parts are opened and their tensors joined.
     *
     * @throws GgufException if it is missing, damaged, or not understood
     */
    public static Gguf open(Path file) {
        throw new UnsupportedOperationException("to be implemented by the gguf work item");
    }

    public Path file() {
        throw new UnsupportedOperationException();
    }

    public int version() {
        throw new UnsupportedOperationException();
    }

    public GgufMetadata metadata() {
        throw new UnsupportedOperationException();
    }

    /** All tensors in the file's order. */
    public List<GgufTensor> tensors() {
        throw new UnsupportedOperationException();
    }

    public Optional<GgufTensor> tensor(String name) {
        throw new UnsupportedOperationException();
    }

    /** Unmaps. A second call does nothing. */
    @Override
    public void close() {}
}
