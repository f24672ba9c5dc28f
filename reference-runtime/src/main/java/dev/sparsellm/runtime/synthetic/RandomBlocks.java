package dev.sparsellm.runtime.synthetic;

import dev.sparsellm.spi.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.random.RandomGenerator;

/**
 * Makes blocks of normally distributed weights, each block with a scale of its own. Codes are drawn around the middle
 * of their range with a fixed step, so that {@code weight ≈ step · (code − middle)}, as quantising would give.
 */
final class RandomBlocks {

    /** Codes reach this many standard deviations to either side; what falls beyond is cut off. */
    private static final double REACH = 2.7;

    private final TensorType type;
    private final double deviation;
    private final RandomGenerator random;

    /** @throws IllegalArgumentException if no blocks of the type can be made */
    RandomBlocks(TensorType type, double deviation, RandomGenerator random) {
        this.type = switch (type) {
            case F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> type;
            case Q2_K, Q3_K, I32, I64, F64 -> throw new IllegalArgumentException("No synthetic weights of type " + type
                    + "; choose F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K");
        };
        this.deviation = deviation;
        this.random = random;
    }

    /** {@code count} blocks. */
    byte[] blocks(int count) {
        ByteBuffer out = ByteBuffer.allocate(count * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            block(out);
        }
        return out.array();
    }

    private void block(ByteBuffer out) {
        switch (type) {
            case F32 -> out.putFloat((float) (deviation * random.nextGaussian()));
            case F16 -> out.putShort(Float.floatToFloat16((float) (deviation * random.nextGaussian())));
            case BF16 -> out.putShort(
                    (short) (Float.floatToRawIntBits((float) (deviation * random.nextGaussian())) >>> 16));
            case Q4_0 -> {
                float16(out, step(16));
                nibbles(out, codes(32, 16, 8));
            }
            case Q4_1 -> {
                double step = step(16); // w = d·q + m
                float16(out, step);
                float16(out, -7.5 * step);
                nibbles(out, codes(32, 16, 7.5));
            }
            case Q5_0 -> {
                float16(out, step(32));
                fives(out, codes(32, 32, 16));
            }
            case Q5_1 -> {
                double step = step(32);
                float16(out, step);
                float16(out, -15.5 * step);
                fives(out, codes(32, 32, 15.5));
            }
            case Q8_0 -> {
                float16(out, step(256));
                for (int code : codes(32, 256, 128)) {
                    out.put((byte) (code - 128));
                }
            }
            case Q4_K -> {
                superBlockScales(out, 16);
                fourBits(out, codes(256, 16, 7.5));
            }
            case Q5_K -> {
                superBlockScales(out, 32);
                int[] codes = codes(256, 32, 15.5);
                // Byte l holds the fifth bits of weights l, 32 + l, … 224 + l.
                for (int l = 0; l < 32; l++) {
                    int bits = 0;
                    for (int j = 0; j < 8; j++) {
                        bits |= codes[32 * j + l] >> 4 << j;
                    }
                    out.put((byte) bits);
                }
                fourBits(out, codes);
            }
            case Q6_K -> sixBits(out, codes(256, 64, 32));
            case Q2_K, Q3_K, I32, I64, F64 -> throw new AssertionError(type);
        }
    }

    /** The distance of neighbouring codes' weights, a little different each time. */
    private double step(int levels) {
        return 2 * REACH * deviation / levels * (0.8 + 0.4 * random.nextDouble());
    }

    private int[] codes(int count, int levels, double middle) {
        int[] codes = new int[count];
        double perDeviation = levels / (2 * REACH);
        for (int i = 0; i < count; i++) {
            codes[i] = (int) Math.clamp(Math.rint(random.nextGaussian() * perDeviation + middle), 0, levels - 1);
        }
        return codes;
    }

    private static void float16(ByteBuffer out, double value) {
        out.putShort(Float.floatToFloat16((float) value));
    }

    /** Byte j holds weights j and 16 + j. */
    private static void nibbles(ByteBuffer out, int[] codes) {
        for (int j = 0; j < 16; j++) {
            out.put((byte) (codes[j] & 15 | (codes[16 + j] & 15) << 4));
        }
    }

    /** First the fifth bits of all 32, then the others. */
    private static void fives(ByteBuffer out, int[] codes) {
        int high = 0;
        for (int j = 0; j < 32; j++) {
            high |= codes[j] >> 4 << j;
        }
        out.putInt(high);
        nibbles(out, codes);
    }

    /**
     * The head of a Q4_K or Q5_K block: {@code w = d·s·q − dmin·m} with scale s and minimum m of each 32 weights in 6
     * bits. With m = s and dmin = d·middle this is {@code d·s·(q − middle)}.
     */
    private void superBlockScales(ByteBuffer out, int levels) {
        double d = step(levels) / 48;
        float16(out, d);
        float16(out, d * (levels - 1) / 2);
        int[] s = new int[8];
        for (int j = 0; j < 8; j++) {
            s[j] = random.nextInt(33, 64);
        }
        for (int j = 0; j < 8; j++) {
            out.put((byte) (s[j % 4] | s[4 + j % 4] >> 4 << 6)); // scales 0..3, then minima 0..3, upper bits of 4..7
        }
        for (int j = 4; j < 8; j++) {
            out.put((byte) (s[j] & 15 | (s[j] & 15) << 4));
        }
    }

    /** For each 64 weights 32 bytes: byte l holds weights l and 32 + l. */
    private static void fourBits(ByteBuffer out, int[] codes) {
        for (int j = 0; j < 256; j += 64) {
            for (int l = 0; l < 32; l++) {
                out.put((byte) (codes[j + l] & 15 | (codes[j + 32 + l] & 15) << 4));
            }
        }
    }

    /** A Q6_K block: for each 128 weights, quarters a b c d of 32: nibbles a|c, b|d, and their upper bits abcd. */
    private void sixBits(ByteBuffer out, int[] codes) {
        for (int half = 0; half < 256; half += 128) {
            for (int l = half; l < half + 64; l++) {
                out.put((byte) (codes[l] & 15 | (codes[64 + l] & 15) << 4));
            }
        }
        for (int half = 0; half < 256; half += 128) {
            for (int l = half; l < half + 32; l++) {
                out.put((byte) (codes[l] >> 4 | codes[32 + l] >> 4 << 2 | codes[64 + l] >> 4 << 4
                        | codes[96 + l] >> 4 << 6));
            }
        }
        for (int j = 0; j < 16; j++) {
            out.put((byte) random.nextInt(65, 128)); // scales of 16 weights each: w = d·s·(q − 32)
        }
        float16(out, step(64) / 96);
    }
}
