package dev.sparsellm.kernels;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * Rows of F16. The Vector API has no F16 to convert from, and doing it exactly with integer operations takes 17 of
 * them; but C2 makes the CPU's own conversion, several lanes at a time, of a plain loop.
 */
final class VectorF16 implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.F16;
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        for (int c = 0; c < columns; c++) {
            out[o + c] = ScalarBlocks.half(w, row + 2L * c);
        }
    }
}
