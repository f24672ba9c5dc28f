package dev.sparsellm.spi;

/**
 * How the weights of a tensor are stored: the block formats of GGML. A row is a whole number of blocks; a block holds
 * {@link #blockSize()} consecutive weights of one row in {@link #blockBytes()} bytes, little-endian.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">GGUF specification, ggml_type</a>
 */
public enum TensorType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    /** Whole numbers; never weights, but found in files that providers keep. */
    I32(26, 1, 4),
    /** Whole numbers; never weights, but found in files that providers keep. */
    I64(27, 1, 8),
    /** Double precision; never weights, but found in files that providers keep. */
    F64(28, 1, 8),
    BF16(30, 1, 2);

    private final int id;
    private final int blockSize;
    private final int blockBytes;

    TensorType(int id, int blockSize, int blockBytes) {
        this.id = id;
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
    }

    /** The number GGUF files use. */
    public int id() {
        return id;
    }

    /** Weights in a block; 1 for the plain types. */
    public int blockSize() {
        return blockSize;
    }

    /** Bytes of a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /**
     * Bytes of a row.
     *
     * @throws IllegalArgumentException if {@code columns} is not a multiple of {@link #blockSize()}
     */
    public long rowBytes(int columns) {
        if (columns % blockSize != 0) {
            throw new IllegalArgumentException(
                    "A row of " + columns + " weights does not divide into " + this + " blocks of " + blockSize);
        }
        return (long) columns / blockSize * blockBytes;
    }
}
