package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;

/**
 * Where everything lies in a channel-major matrix: one unit after another, each holding the channels of one GGML block
 * (one channel for plain types) and their scales, so that units can be repacked and read independently:
 *
 * <pre>
 * unit:  d        [paddedRows]           F16     scales, natural order
 *        dmin     [paddedRows]           F16     where the type has minima
 *        sub      [groups][paddedRows]   bytes   second factors, for the types of 256-blocks
 *        subMin   [groups][paddedRows]   bytes   and of their minima
 *        codes    [channels][stride]             64 bytes for each tile of outputs
 * </pre>
 *
 * A tile is 16 little-endian ints; field j of int n (bits {@code j·bits} and up) is the code of output
 * {@code 16·j + n} of the tile. So a vector of ints, whatever its width, yields vectors of consecutive outputs. F16 is
 * in natural order instead. Outputs are padded to whole tiles with zeros. Nothing is left free between channels: where
 * one has a power of two of outputs it never crosses a page, at whose end hardware stops reading ahead. (With 64 bytes
 * between, so that channels read side by side do not compete for the same few places of the L1 cache, sweeps of half of
 * the channels were slower by 9 to 14 % in Q8_0, 6 to 12 % in F16 and BF16, 3 to 7 % in Q4_0.) Data that begins at a page
 * is read fastest.
 *
 * @param stride bytes from one channel to the next within a unit
 */
record ChannelLayout(
        TensorType type,
        int rows,
        int columns,
        ChannelCoding coding,
        int paddedRows,
        long stride,
        long halfBytes,
        long subBytes) {

    /** Raised with every change of the layout; part of what identifies a stored repack. */
    static final int VERSION = 4;

    private static final int LINE = 64;

    static ChannelLayout of(Tensor tensor) {
        return of(tensor.type(), tensor.rows(), tensor.columns());
    }

    static ChannelLayout of(TensorType type, int rows, int columns) {
        ChannelCoding coding = ChannelCoding.of(type);
        int tiles = (rows + coding.tile() - 1) / coding.tile();
        int paddedRows = Math.multiplyExact(tiles, coding.tile());
        long halfBytes = coding.plain() ? 0 : lines(2L * paddedRows);
        long subBytes = coding.hasSub() ? lines(paddedRows) : 0;
        return new ChannelLayout(type, rows, columns, coding, paddedRows, (long) tiles * LINE, halfBytes, subBytes);
    }

    private static long lines(long bytes) {
        return (bytes + LINE - 1) / LINE * LINE;
    }

    int channelsPerUnit() {
        return type.blockSize();
    }

    int units() {
        return columns / type.blockSize();
    }

    int groupsPerUnit() {
        return channelsPerUnit() / coding.group();
    }

    long minOffset() {
        return halfBytes;
    }

    long subOffset() {
        return coding.hasMin() ? 2 * halfBytes : halfBytes;
    }

    long subMinOffset() {
        return subOffset() + groupsPerUnit() * subBytes;
    }

    long codesOffset() {
        return coding.scales() == ChannelCoding.Scales.SUB_MIN
                ? subMinOffset() + groupsPerUnit() * subBytes
                : subMinOffset();
    }

    long unitBytes() {
        return codesOffset() + channelsPerUnit() * stride;
    }

    long byteSize() {
        return units() * unitBytes();
    }
}
