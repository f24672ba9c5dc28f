package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Writes units of a {@link ChannelLayout}; for one thread. */
final class Repacker {

    /** Plain channels transposed together, so that a cache line of the source is used whole. */
    private static final int PLAIN_CHANNELS = 64;

    private final Tensor tensor;
    private final ChannelLayout layout;
    private final MemorySegment out;
    private final ChannelCoding coding;

    Repacker(Tensor tensor, ChannelLayout layout, MemorySegment out) {
        this.tensor = tensor;
        this.layout = layout;
        this.out = out;
        this.coding = layout.coding();
    }

    void repack(int from, int to) {
        out.asSlice(from * layout.unitBytes(), (to - from) * layout.unitBytes()).fill((byte) 0);
        if (coding.plain()) {
            for (int c = from; c < to; c += PLAIN_CHANNELS) {
                transpose(c, Math.min(to, c + PLAIN_CHANNELS));
            }
        } else {
            BlockFields fields = new BlockFields();
            byte[] codes = new byte[layout.channelsPerUnit() * coding.tile()];
            int[] packed = new int[layout.channelsPerUnit() * 16];
            for (int unit = from; unit < to; unit++) {
                for (int row = 0; row < layout.rows(); row += coding.tile()) {
                    repackTile(unit, row, Math.min(coding.tile(), layout.rows() - row), fields, codes, packed);
                }
            }
        }
    }

    private void transpose(int from, int to) {
        MemorySegment in = tensor.data();
        for (int row = 0; row < layout.rows(); row++) {
            long at = row * tensor.rowBytes();
            for (int c = from; c < to; c++) {
                long channel = c * layout.stride();
                switch (tensor.type()) {
                    case F32 -> out.set(
                            ScalarBlocks.INT, channel + 4L * row, in.get(ScalarBlocks.INT, at + 4L * c));
                    case F16 -> out.set(
                            ScalarBlocks.SHORT, channel + 2L * row, in.get(ScalarBlocks.SHORT, at + 2L * c));
                    default -> out.set(
                            ScalarBlocks.SHORT,
                            channel + pairedOffset(row),
                            in.get(ScalarBlocks.SHORT, at + 2L * c));
                }
            }
        }
    }

    /** Bytes to an output's BF16: output n of a tile of 32 is the lower half of int n, output 16 + n the upper one. */
    static long pairedOffset(int row) {
        return row / 32 * 64L + row % 16 * 4 + row % 32 / 16 * 2;
    }

    private void repackTile(int unit, int firstRow, int rows, BlockFields fields, byte[] codes, int[] packed) {
        int channels = layout.channelsPerUnit();
        long base = unit * layout.unitBytes();
        Arrays.fill(codes, (byte) 0);
        for (int r = 0; r < rows; r++) {
            int row = firstRow + r;
            fields.read(tensor.type(), tensor.data(), row * tensor.rowBytes() + (long) unit * tensor.type().blockBytes());
            int at = r / 16 * packed.length + r % 16;
            for (int c = 0; c < channels; c++) {
                codes[at + 16 * c] = fields.codes[c];
            }
            writeScales(base, row, fields);
        }
        pack(codes, packed);
        long at = base + layout.codesOffset() + firstRow / coding.tile() * 64L;
        for (int c = 0; c < channels; c++) {
            MemorySegment.copy(packed, 16 * c, out, ScalarBlocks.INT, at + c * layout.stride(), 16);
        }
    }

    /** Field j of every channel's 16 ints comes from the j-th part of {@code codes}: long loops, which C2 vectorises. */
    private void pack(byte[] codes, int[] packed) {
        int mask = (1 << coding.bits()) - 1;
        Arrays.fill(packed, 0);
        for (int j = 0; j < coding.perInt(); j++) {
            int shift = j * coding.bits();
            int from = j * packed.length;
            for (int i = 0; i < packed.length; i++) {
                packed[i] |= (codes[from + i] & mask) << shift;
            }
        }
    }

    private void writeScales(long base, int row, BlockFields fields) {
        out.set(ScalarBlocks.SHORT, base + 2L * row, fields.scale);
        if (coding.hasMin()) {
            out.set(ScalarBlocks.SHORT, base + layout.minOffset() + 2L * row, fields.min);
        }
        if (coding.hasSub()) {
            for (int g = 0; g < layout.groupsPerUnit(); g++) {
                long at = base + g * layout.subBytes() + row;
                out.set(ValueLayout.JAVA_BYTE, at + layout.subOffset(), fields.sub[g]);
                if (coding.scales() == ChannelCoding.Scales.SUB_MIN) {
                    out.set(ValueLayout.JAVA_BYTE, at + layout.subMinOffset(), fields.subMin[g]);
                }
            }
        }
    }
}
