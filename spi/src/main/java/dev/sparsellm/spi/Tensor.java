package dev.sparsellm.spi;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A weight matrix as the model file stores it: {@code rows} outputs, each a row of {@code columns} inputs, so that a
 * projection computes {@code y[r] = Σ_c W[r][c] · x[c]}. (GGUF lists the dimensions the other way round.)
 *
 * @param name the name in the file, such as {@code blk.0.ffn_up.weight}
 * @param type how weights are stored
 * @param rows outputs
 * @param columns inputs, a multiple of the type's block size
 * @param data {@code rows · type.rowBytes(columns)} bytes, row after row; never written; usually a file mapping, valid
 *     while the model is open. A provider that keeps it must not touch it after its {@link PreparedOperators} are closed
 */
public record Tensor(String name, TensorType type, int rows, int columns, MemorySegment data) {

    /** @throws IllegalArgumentException if {@code data} has another size than type, rows and columns give */
    public Tensor {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        long expected = rows * type.rowBytes(columns);
        if (rows < 1 || columns < 1 || data.byteSize() != expected) {
            throw new IllegalArgumentException("Tensor %s, %s [%d][%d], needs %d bytes and was given %d"
                    .formatted(name, type, rows, columns, expected, data.byteSize()));
        }
    }

    /** Bytes of one row. */
    public long rowBytes() {
        return type.rowBytes(columns);
    }
}
