package dev.sparsellm.kernels;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One block of GGML taken apart, nothing multiplied: codes as {@link ChannelCoding} has them, and scales.
 * Filled again for each block; for one thread.
 */
final class BlockFields {

    /** Codes of the block's channels. */
    final byte[] codes = new byte[256];
    /** F16 bits of the scale. */
    short scale;
    /** F16 bits of the minimum, or of its scale. */
    short min;
    /** Second factors by group; both factors in one byte for Q2_K. */
    final byte[] sub = new byte[16];
    /** Second factors of the minima. */
    final byte[] subMin = new byte[16];

    private final byte[] block = new byte[256];

    /** Reads the block that begins at byte {@code at}. */
    void read(TensorType type, MemorySegment data, long at) {
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, block, 0, type.blockBytes());
        switch (type) {
            case Q4_0 -> {
                scale = half(0);
                nibbles(2);
            }
            case Q4_1 -> {
                scale = half(0);
                min = half(2);
                nibbles(4);
            }
            case Q5_0 -> {
                scale = half(0);
                nibbles(6);
                fifthBits(2);
            }
            case Q5_1 -> {
                scale = half(0);
                min = half(2);
                nibbles(8);
                fifthBits(4);
            }
            case Q8_0 -> {
                scale = half(0);
                for (int i = 0; i < 32; i++) {
                    codes[i] = (byte) (block[2 + i] + 128);
                }
            }
            case Q2_K -> q2k();
            case Q3_K -> q3k();
            case Q4_K -> q4k();
            case Q5_K -> q5k();
            case Q6_K -> q6k();
            default -> throw new IllegalArgumentException("Type " + type + " has no blocks");
        }
    }

    private short half(int at) {
        return (short) (block[at] & 0xff | block[at + 1] << 8);
    }

    /** 16 bytes: codes 0 to 15 in the low halves, 16 to 31 in the high ones. */
    private void nibbles(int at) {
        for (int i = 0; i < 16; i++) {
            codes[i] = (byte) (block[at + i] & 15);
            codes[i + 16] = (byte) (block[at + i] >>> 4 & 15);
        }
    }

    /** Bit i of the 32 that begin at byte {@code at} is worth 16 in code i. */
    private void fifthBits(int at) {
        for (int i = 0; i < 32; i++) {
            codes[i] += (byte) ((block[at + i / 8] >>> i % 8 & 1) << 4);
        }
    }

    /** 16 bytes of sub-scales, 64 of codes, d, dmin. */
    private void q2k() {
        System.arraycopy(block, 0, sub, 0, 16);
        scale = half(80);
        min = half(82);
        for (int i = 0; i < 256; i++) {
            codes[i] = (byte) crumb(16, i);
        }
    }

    /** 32 bytes of high bits, 64 of low ones, 12 of sub-scales, d. A high bit is worth 4. */
    private void q3k() {
        scale = half(108);
        for (int i = 0; i < 256; i++) {
            codes[i] = (byte) (crumb(32, i) | (block[i % 32] >>> i / 32 & 1) << 2);
        }
        for (int g = 0; g < 16; g++) {
            int low = g < 8 ? block[96 + g] & 15 : block[88 + g] >>> 4 & 15;
            int high = block[104 + g % 4] >>> 2 * (g / 4) & 3;
            sub[g] = (byte) ((low | high << 4) - 32);
        }
    }

    /** Two bits: each byte of 32 holds codes l, l + 32, l + 64, l + 96 of a half of the block. */
    private int crumb(int at, int i) {
        return block[at + i / 128 * 32 + i % 32] >>> i % 128 / 32 * 2 & 3;
    }

    /** d, dmin, 12 bytes of sub-scales, 128 of codes. */
    private void q4k() {
        scale = half(0);
        min = half(2);
        sixBitPairs(4);
        for (int i = 0; i < 256; i++) {
            codes[i] = (byte) nibble(16, i);
        }
    }

    /** d, dmin, 12 bytes of sub-scales, 32 of fifth bits, 128 of nibbles. */
    private void q5k() {
        scale = half(0);
        min = half(2);
        sixBitPairs(4);
        for (int i = 0; i < 256; i++) {
            codes[i] = (byte) (nibble(48, i) | (block[16 + i % 32] >>> i / 32 & 1) << 4);
        }
    }

    /** Each byte of 32 holds codes l and l + 32 of a quarter of the block. */
    private int nibble(int at, int i) {
        return block[at + i / 64 * 32 + i % 32] >>> i % 64 / 32 * 4 & 15;
    }

    /** Eight pairs of 6 bits: the first four whole, the upper two bits of the others above the first four's. */
    private void sixBitPairs(int at) {
        for (int g = 0; g < 4; g++) {
            int first = block[at + g];
            int second = block[at + 4 + g];
            int mixed = block[at + 8 + g];
            sub[g] = (byte) (first & 63);
            subMin[g] = (byte) (second & 63);
            sub[g + 4] = (byte) (mixed & 15 | (first >>> 6 & 3) << 4);
            subMin[g + 4] = (byte) (mixed >>> 4 & 15 | (second >>> 6 & 3) << 4);
        }
    }

    /** 128 bytes of nibbles, 64 of upper bits, 16 of sub-scales, d. */
    private void q6k() {
        System.arraycopy(block, 192, sub, 0, 16);
        scale = half(208);
        for (int i = 0; i < 256; i++) {
            int low = block[i / 128 * 64 + i % 64] >>> i % 128 / 64 * 4 & 15;
            codes[i] = (byte) (low | crumb(128, i) << 4);
        }
    }
}
