package dev.sparsellm.kernels.gguf;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of a file.
 *
 * @param name as in the file
 * @param type how values are stored
 * @param dimensions as in the file: the innermost, along which values are consecutive, first
 * @param data its bytes, read-only, valid while the file is open
 */
public record GgufTensor(String name, TensorType type, List<Long> dimensions, MemorySegment data) {

    public GgufTensor {
        dimensions = List.copyOf(dimensions);
    }

    /**
     * This tensor as a matrix: the first dimension becomes columns, the second rows (1 where there is none).
     *
     * @throws GgufException if it has more than two dimensions, or too large ones
     */
    public Tensor matrix() {
        if (dimensions.size() > 2 || dimensions.stream().anyMatch(d -> d > Integer.MAX_VALUE)) {
            throw new GgufException("Tensor " + name + " has the dimensions " + dimensions + ", which is no matrix");
        }
        int rows = dimensions.size() == 2 ? dimensions.get(1).intValue() : 1;
        return new Tensor(name, type, rows, dimensions.get(0).intValue(), data);
    }
}
