package dev.sparsellm.conformance;

import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.TensorType;
import java.util.List;

/**
 * Sizes of a model of the kit.
 *
 * @param inner query channels: one head, or two where even
 * @param vocab rows of the output head, free of the sizes of blocks
 */
record Dimensions(int layers, int dim, int ffn, int inner, int vocab) {

    /** For rules that need some model, not a particular one: small, of two layers. */
    static Dimensions some(TensorType type) {
        return type.blockSize() == 256 ? new Dimensions(2, 256, 256, 256, 33) : of(type).getFirst();
    }

    /** For rules about threads: operators that divide their channels find enough for several parts. */
    static Dimensions ofSeveralParts(TensorType type) {
        return type.blockSize() == 256 ? new Dimensions(1, 512, 512, 512, 33) : new Dimensions(1, 160, 288, 160, 33);
    }

    /** Sizes around those of vectors, blocks and parts, for a type. */
    static List<Dimensions> of(TensorType type) {
        // One type of each family has a model of many channels, several for each part of a region.
        return switch (type) {
            case F32 -> List.of(
                    new Dimensions(2, 32, 172, 34, 33),
                    new Dimensions(1, 1, 1, 1, 31),
                    new Dimensions(1, 31, 33, 32, 172),
                    new Dimensions(1, 33, 31, 1, 32),
                    new Dimensions(1, 33, 2049, 31, 7));
            case F16, BF16 -> List.of(
                    new Dimensions(2, 32, 172, 34, 33),
                    new Dimensions(1, 31, 33, 1, 172),
                    new Dimensions(1, 172, 65, 31, 7));
            case Q8_0 -> List.of(
                    new Dimensions(2, 64, 96, 32, 33),
                    new Dimensions(1, 288, 2080, 64, 31));
            // Kernels take up to 256 columns at a time, and those that go through columns up to 256 rows.
            case Q4_0, Q4_1, Q5_0, Q5_1 -> List.of(
                    new Dimensions(2, 64, 96, 32, 33),
                    new Dimensions(1, 288, 288, 64, 31));
            // One super-block and two, across and down.
            default -> List.of(new Dimensions(1, 512, 512, 256, 31));
        };
    }

    ModelShape shape() {
        int heads = inner % 2 == 0 ? 2 : 1;
        return new ModelShape(layers, dim, ffn, heads, 1, inner / heads, vocab, KitText.MAX_WINDOW);
    }

    @Override
    public String toString() {
        return "dim %d, ffn %d, queries %d, vocabulary %d, layers %d".formatted(dim, ffn, inner, vocab, layers);
    }
}
