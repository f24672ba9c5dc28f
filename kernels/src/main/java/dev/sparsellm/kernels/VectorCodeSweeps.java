package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.IntsAsFloats.AS_THEY_ARE;
import static dev.sparsellm.kernels.IntsAsFloats.TO_FLOAT;
import static dev.sparsellm.kernels.IntsAsFloats.UNIT;
import static dev.sparsellm.kernels.IntsAsFloats.UP;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * {@link ChannelSteps#codes}, one method for each width of code. Sums stay in registers while a bunch of channels goes
 * by, and are scaled before they leave them: each vector of packed ints is loaded once, and each code costs a mask, a
 * conversion and a multiply-add. Codes stay where they are in their int, so that sums come out too large by a power of
 * two for each place, which is exact. (With a shift for every code, sweeps of 4 bits came to 11.1 in place of 12.6 GB/s
 * from memory.) Those of 4 and 8 bits become floats as {@link IntsAsFloats} says, 1.04 to 1.1
 * times as fast where that is without a conversion.
 *
 * <p>From cache, at half of the channels, this is 1.4 times as fast as sums that are kept in memory from bunch to bunch
 * and scaled when the group is complete; from memory 1.05 to 1.25 times. (The lower bits of an int could be left in place of being masked and their error taken out later, two instructions
 * for four; but an int has 32 bits and a float 24, so that the weights would no longer be exact.) Loops are written out,
 * without helper methods: see {@link VectorFormat}. With them, sweeps of 4 bits were boxed in one JVM of three.
 */
final class VectorCodeSweeps {

    /** What a code is to be multiplied with, by its place in an int. */
    private static final float[] UNITS_8 = {UNIT, 0x1p-8f * UNIT, 0x1p-16f * UNIT, UNIT}; // the sign's place is shifted down
    private static final float[] UNITS_6 = {1, 0x1p-6f, 0x1p-12f, 0x1p-18f, 0x1p-24f};
    private static final float[] UNITS_5 = {1, 0x1p-5f, 0x1p-10f, 0x1p-15f, 0x1p-20f, 0x1p-25f};
    private static final float[] UNITS_4 = {
        UNIT, 0x1p-4f * UNIT, 0x1p-8f * UNIT, 0x1p-12f * UNIT, 0x1p-16f * UNIT, 0x1p-20f * UNIT,
        (AS_THEY_ARE ? 0x1p-16f : 0x1p-24f) * UNIT, UNIT // as above
    };
    private static final float[] UNITS_3_LOWER = {1, 0x1p-3f, 0x1p-6f, 0x1p-9f, 0x1p-12f};
    private static final float[] UNITS_3_UPPER = {0x1p-15f, 0x1p-18f, 0x1p-21f, 0x1p-24f, 0x1p-27f};
    private static final float[] UNITS_2 = {1, 0x1p-2f, 0x1p-4f, 0x1p-6f};

    private VectorCodeSweeps() {}

    /** {@link ChannelSteps#up}: codes of 4 and 8 bits may be denormal. */
    static float up(int bits) {
        return bits == 4 || bits == 8 ? UP : 1;
    }

    static void codes(
            int bits, MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        switch (bits) {
            case 8 -> {
                if (LANES == 8) {
                    bits8ByLines(w, lines, factors, count, s, sOffset, shift, y, yOffset, n);
                } else {
                    bits8(w, lines, factors, count, s, sOffset, shift, y, yOffset, n);
                }
            }
            case 6 -> bits6(w, lines, factors, count, sums, s, sOffset, shift, y, yOffset, n);
            case 5 -> bits5(w, lines, factors, count, sums, s, sOffset, shift, y, yOffset, n);
            case 4 -> bits4(w, lines, factors, count, sums, s, sOffset, shift, y, yOffset, n);
            // From nine codes on, C2 gives up on a loop and boxes its vectors: a tenth of the speed.
            case 3 -> {
                bits3Lower(w, lines, factors, count, sums, s, sOffset, shift, y, yOffset, n);
                bits3Upper(w, lines, factors, count, sums, s, sOffset, shift, y, yOffset, n);
            }
            default -> {
                for (int quarter = 0; quarter < 4; quarter++) {
                    bits2(quarter, w, lines, factors, count, sums, s, sOffset, shift, y, yOffset, n);
                }
            }
        }
    }

    /** Four vectors of sums are few enough to be scaled where they are: 1.0 to 1.15 times as fast from memory as by {@link #addScaled}. */
    private static void bits8(
            MemorySegment w, long[] lines, float[] factors, int count,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        w = NativeSegments.of(w);
        FloatVector zero = FloatVector.broadcast(FLOATS, shift);
        FloatVector unit0 = FloatVector.broadcast(FLOATS, UNITS_8[0]);
        FloatVector unit1 = FloatVector.broadcast(FLOATS, UNITS_8[1]);
        FloatVector unit2 = FloatVector.broadcast(FLOATS, UNITS_8[2]);
        FloatVector unit3 = FloatVector.broadcast(FLOATS, UNITS_8[3]);
        for (int o = 0; o < n; o += 64) {
            for (int k = 0; k < 16; k += LANES) {
                int at = yOffset + o + k;
                int scale = sOffset + o + k;
                long line = o / 4 * 4 + 4 * k;
                FloatVector sum0 = FloatVector.zero(FLOATS);
                FloatVector sum1 = FloatVector.zero(FLOATS);
                FloatVector sum2 = FloatVector.zero(FLOATS);
                FloatVector sum3 = FloatVector.zero(FLOATS);
                for (int i = 0; i < count; i++) {
                    FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                    IntVector packed = IntVector.fromMemorySegment(INTS, w, lines[i] + line, LITTLE_ENDIAN);
                    sum0 = ((FloatVector) packed.and(0xff).convert(TO_FLOAT, 0)).fma(factor, sum0);
                    sum1 = ((FloatVector) packed.and(0xff << 8).convert(TO_FLOAT, 0)).fma(factor, sum1);
                    sum2 = ((FloatVector) packed.and(0xff << 16).convert(TO_FLOAT, 0)).fma(factor, sum2);
                    sum3 = ((FloatVector) packed.lanewise(LSHR, 24).convert(TO_FLOAT, 0)).fma(factor, sum3);
                }
                sum0.fma(unit0, zero)
                        .fma(FloatVector.fromArray(FLOATS, s, scale), FloatVector.fromArray(FLOATS, y, at))
                        .intoArray(y, at);
                sum1.fma(unit1, zero)
                        .fma(FloatVector.fromArray(FLOATS, s, scale + 16), FloatVector.fromArray(FLOATS, y, at + 16))
                        .intoArray(y, at + 16);
                sum2.fma(unit2, zero)
                        .fma(FloatVector.fromArray(FLOATS, s, scale + 32), FloatVector.fromArray(FLOATS, y, at + 32))
                        .intoArray(y, at + 32);
                sum3.fma(unit3, zero)
                        .fma(FloatVector.fromArray(FLOATS, s, scale + 48), FloatVector.fromArray(FLOATS, y, at + 48))
                        .intoArray(y, at + 48);
            }
        }
    }

    /**
     * The same where a vector has half of a line of the cache: both halves at once, so that multiplying goes on while other lines are
     * awaited, and what a channel costs is paid once a line. 1.07 to 1.24 times as fast from memory as by halves, AMD Zen 3. Codes kept
     * unsigned another 1.08 to 1.13 in place of signed ones, each shifted to the top: four operations for four codes in place of ten.
     */
    private static void bits8ByLines(
            MemorySegment w, long[] lines, float[] factors, int count,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        w = NativeSegments.of(w);
        FloatVector zero = FloatVector.broadcast(FLOATS, shift);
        FloatVector unit0 = FloatVector.broadcast(FLOATS, UNITS_8[0]);
        FloatVector unit1 = FloatVector.broadcast(FLOATS, UNITS_8[1]);
        FloatVector unit2 = FloatVector.broadcast(FLOATS, UNITS_8[2]);
        FloatVector unit3 = FloatVector.broadcast(FLOATS, UNITS_8[3]);
        for (int o = 0; o < n; o += 64) {
            int at = yOffset + o;
            int scale = sOffset + o;
            long line = o;
            FloatVector sum0 = FloatVector.zero(FLOATS);
            FloatVector sum1 = FloatVector.zero(FLOATS);
            FloatVector sum2 = FloatVector.zero(FLOATS);
            FloatVector sum3 = FloatVector.zero(FLOATS);
            FloatVector sum4 = FloatVector.zero(FLOATS);
            FloatVector sum5 = FloatVector.zero(FLOATS);
            FloatVector sum6 = FloatVector.zero(FLOATS);
            FloatVector sum7 = FloatVector.zero(FLOATS);
            for (int i = 0; i < count; i++) {
                FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                IntVector left = IntVector.fromMemorySegment(INTS, w, lines[i] + line, LITTLE_ENDIAN);
                IntVector right = IntVector.fromMemorySegment(INTS, w, lines[i] + line + 32, LITTLE_ENDIAN);
                sum0 = ((FloatVector) left.and(0xff).convert(TO_FLOAT, 0)).fma(factor, sum0);
                sum1 = ((FloatVector) left.and(0xff << 8).convert(TO_FLOAT, 0)).fma(factor, sum1);
                sum2 = ((FloatVector) left.and(0xff << 16).convert(TO_FLOAT, 0)).fma(factor, sum2);
                sum3 = ((FloatVector) left.lanewise(LSHR, 24).convert(TO_FLOAT, 0)).fma(factor, sum3);
                sum4 = ((FloatVector) right.and(0xff).convert(TO_FLOAT, 0)).fma(factor, sum4);
                sum5 = ((FloatVector) right.and(0xff << 8).convert(TO_FLOAT, 0)).fma(factor, sum5);
                sum6 = ((FloatVector) right.and(0xff << 16).convert(TO_FLOAT, 0)).fma(factor, sum6);
                sum7 = ((FloatVector) right.lanewise(LSHR, 24).convert(TO_FLOAT, 0)).fma(factor, sum7);
            }
            for (int half = 0; half < 16; half += 8) { // turns of names, for fewer nodes of C2's: 23,000 in place of 28,800
                int to = at + half;
                int by = scale + half;
                sum0.fma(unit0, zero)
                        .fma(FloatVector.fromArray(FLOATS, s, by), FloatVector.fromArray(FLOATS, y, to))
                        .intoArray(y, to);
                sum1.fma(unit1, zero)
                        .fma(FloatVector.fromArray(FLOATS, s, by + 16), FloatVector.fromArray(FLOATS, y, to + 16))
                        .intoArray(y, to + 16);
                sum2.fma(unit2, zero)
                        .fma(FloatVector.fromArray(FLOATS, s, by + 32), FloatVector.fromArray(FLOATS, y, to + 32))
                        .intoArray(y, to + 32);
                sum3.fma(unit3, zero)
                        .fma(FloatVector.fromArray(FLOATS, s, by + 48), FloatVector.fromArray(FLOATS, y, to + 48))
                        .intoArray(y, to + 48);
                sum0 = sum4;
                sum1 = sum5;
                sum2 = sum6;
                sum3 = sum7;
            }
        }
    }

    private static void bits6(
            MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        w = NativeSegments.of(w);
        for (int o = 0; o < n; o += 80) {
            for (int k = 0; k < 16; k += LANES) {
                int at = yOffset + o + k;
                int scale = sOffset + o + k;
                long line = o / 5 * 4 + 4 * k;
                FloatVector sum0 = FloatVector.zero(FLOATS);
                FloatVector sum1 = FloatVector.zero(FLOATS);
                FloatVector sum2 = FloatVector.zero(FLOATS);
                FloatVector sum3 = FloatVector.zero(FLOATS);
                FloatVector sum4 = FloatVector.zero(FLOATS);
                for (int i = 0; i < count; i++) {
                    FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                    IntVector packed = IntVector.fromMemorySegment(INTS, w, lines[i] + line, LITTLE_ENDIAN);
                    sum0 = ((FloatVector) packed.and(63).convert(I2F, 0)).fma(factor, sum0);
                    sum1 = ((FloatVector) packed.and(63 << 6).convert(I2F, 0)).fma(factor, sum1);
                    sum2 = ((FloatVector) packed.and(63 << 12).convert(I2F, 0)).fma(factor, sum2);
                    sum3 = ((FloatVector) packed.and(63 << 18).convert(I2F, 0)).fma(factor, sum3);
                    sum4 = ((FloatVector) packed.and(63 << 24).convert(I2F, 0)).fma(factor, sum4);
                }
                sum0.intoArray(sums, 0);
                sum1.intoArray(sums, LANES);
                sum2.intoArray(sums, 2 * LANES);
                sum3.intoArray(sums, 3 * LANES);
                sum4.intoArray(sums, 4 * LANES);
                addScaled(sums, UNITS_6, shift, s, scale, y, at);
            }
        }
    }

    private static void bits5(
            MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        w = NativeSegments.of(w);
        for (int o = 0; o < n; o += 96) {
            for (int k = 0; k < 16; k += LANES) {
                int at = yOffset + o + k;
                int scale = sOffset + o + k;
                long line = o / 6 * 4 + 4 * k;
                FloatVector sum0 = FloatVector.zero(FLOATS);
                FloatVector sum1 = FloatVector.zero(FLOATS);
                FloatVector sum2 = FloatVector.zero(FLOATS);
                FloatVector sum3 = FloatVector.zero(FLOATS);
                FloatVector sum4 = FloatVector.zero(FLOATS);
                FloatVector sum5 = FloatVector.zero(FLOATS);
                for (int i = 0; i < count; i++) {
                    FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                    IntVector packed = IntVector.fromMemorySegment(INTS, w, lines[i] + line, LITTLE_ENDIAN);
                    sum0 = ((FloatVector) packed.and(31).convert(I2F, 0)).fma(factor, sum0);
                    sum1 = ((FloatVector) packed.and(31 << 5).convert(I2F, 0)).fma(factor, sum1);
                    sum2 = ((FloatVector) packed.and(31 << 10).convert(I2F, 0)).fma(factor, sum2);
                    sum3 = ((FloatVector) packed.and(31 << 15).convert(I2F, 0)).fma(factor, sum3);
                    sum4 = ((FloatVector) packed.and(31 << 20).convert(I2F, 0)).fma(factor, sum4);
                    sum5 = ((FloatVector) packed.and(31 << 25).convert(I2F, 0)).fma(factor, sum5);
                }
                sum0.intoArray(sums, 0);
                sum1.intoArray(sums, LANES);
                sum2.intoArray(sums, 2 * LANES);
                sum3.intoArray(sums, 3 * LANES);
                sum4.intoArray(sums, 4 * LANES);
                sum5.intoArray(sums, 5 * LANES);
                addScaled(sums, UNITS_5, shift, s, scale, y, at);
            }
        }
    }

    private static void bits4(
            MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        w = NativeSegments.of(w);
        for (int o = 0; o < n; o += 128) {
            for (int k = 0; k < 16; k += LANES) {
                int at = yOffset + o + k;
                int scale = sOffset + o + k;
                long line = o / 8 * 4 + 4 * k;
                FloatVector sum0 = FloatVector.zero(FLOATS);
                FloatVector sum1 = FloatVector.zero(FLOATS);
                FloatVector sum2 = FloatVector.zero(FLOATS);
                FloatVector sum3 = FloatVector.zero(FLOATS);
                FloatVector sum4 = FloatVector.zero(FLOATS);
                FloatVector sum5 = FloatVector.zero(FLOATS);
                FloatVector sum6 = FloatVector.zero(FLOATS);
                FloatVector sum7 = FloatVector.zero(FLOATS);
                for (int i = 0; i < count; i++) {
                    FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                    IntVector packed = IntVector.fromMemorySegment(INTS, w, lines[i] + line, LITTLE_ENDIAN);
                    sum0 = ((FloatVector) packed.and(15).convert(TO_FLOAT, 0)).fma(factor, sum0);
                    sum1 = ((FloatVector) packed.and(15 << 4).convert(TO_FLOAT, 0)).fma(factor, sum1);
                    sum2 = ((FloatVector) packed.and(15 << 8).convert(TO_FLOAT, 0)).fma(factor, sum2);
                    sum3 = ((FloatVector) packed.and(15 << 12).convert(TO_FLOAT, 0)).fma(factor, sum3);
                    sum4 = ((FloatVector) packed.and(15 << 16).convert(TO_FLOAT, 0)).fma(factor, sum4);
                    sum5 = ((FloatVector) packed.and(15 << 20).convert(TO_FLOAT, 0)).fma(factor, sum5);
                    IntVector code6 = AS_THEY_ARE ? packed.lanewise(LSHR, 8).and(15 << 16) : packed.and(15 << 24);
                    sum6 = ((FloatVector) code6.convert(TO_FLOAT, 0)).fma(factor, sum6);
                    sum7 = ((FloatVector) packed.lanewise(LSHR, 28).convert(TO_FLOAT, 0)).fma(factor, sum7);
                }
                sum0.intoArray(sums, 0);
                sum1.intoArray(sums, LANES);
                sum2.intoArray(sums, 2 * LANES);
                sum3.intoArray(sums, 3 * LANES);
                sum4.intoArray(sums, 4 * LANES);
                sum5.intoArray(sums, 5 * LANES);
                sum6.intoArray(sums, 6 * LANES);
                sum7.intoArray(sums, 7 * LANES);
                addScaled(sums, UNITS_4, shift, s, scale, y, at);
            }
        }
    }

    private static void bits3Lower(
            MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        w = NativeSegments.of(w);
        for (int o = 0; o < n; o += 160) {
            for (int k = 0; k < 16; k += LANES) {
                int at = yOffset + o + k;
                int scale = sOffset + o + k;
                long line = o / 10 * 4 + 4 * k;
                FloatVector sum0 = FloatVector.zero(FLOATS);
                FloatVector sum1 = FloatVector.zero(FLOATS);
                FloatVector sum2 = FloatVector.zero(FLOATS);
                FloatVector sum3 = FloatVector.zero(FLOATS);
                FloatVector sum4 = FloatVector.zero(FLOATS);
                for (int i = 0; i < count; i++) {
                    FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                    IntVector packed = IntVector.fromMemorySegment(INTS, w, lines[i] + line, LITTLE_ENDIAN);
                    sum0 = ((FloatVector) packed.and(7).convert(I2F, 0)).fma(factor, sum0);
                    sum1 = ((FloatVector) packed.and(7 << 3).convert(I2F, 0)).fma(factor, sum1);
                    sum2 = ((FloatVector) packed.and(7 << 6).convert(I2F, 0)).fma(factor, sum2);
                    sum3 = ((FloatVector) packed.and(7 << 9).convert(I2F, 0)).fma(factor, sum3);
                    sum4 = ((FloatVector) packed.and(7 << 12).convert(I2F, 0)).fma(factor, sum4);
                }
                sum0.intoArray(sums, 0);
                sum1.intoArray(sums, LANES);
                sum2.intoArray(sums, 2 * LANES);
                sum3.intoArray(sums, 3 * LANES);
                sum4.intoArray(sums, 4 * LANES);
                addScaled(sums, UNITS_3_LOWER, shift, s, scale, y, at);
            }
        }
    }

    private static void bits3Upper(
            MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        w = NativeSegments.of(w);
        for (int o = 0; o < n; o += 160) {
            for (int k = 0; k < 16; k += LANES) {
                int at = yOffset + o + k;
                int scale = sOffset + o + k;
                long line = o / 10 * 4 + 4 * k;
                FloatVector sum5 = FloatVector.zero(FLOATS);
                FloatVector sum6 = FloatVector.zero(FLOATS);
                FloatVector sum7 = FloatVector.zero(FLOATS);
                FloatVector sum8 = FloatVector.zero(FLOATS);
                FloatVector sum9 = FloatVector.zero(FLOATS);
                for (int i = 0; i < count; i++) {
                    FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                    IntVector packed = IntVector.fromMemorySegment(INTS, w, lines[i] + line, LITTLE_ENDIAN);
                    sum5 = ((FloatVector) packed.and(7 << 15).convert(I2F, 0)).fma(factor, sum5);
                    sum6 = ((FloatVector) packed.and(7 << 18).convert(I2F, 0)).fma(factor, sum6);
                    sum7 = ((FloatVector) packed.and(7 << 21).convert(I2F, 0)).fma(factor, sum7);
                    sum8 = ((FloatVector) packed.and(7 << 24).convert(I2F, 0)).fma(factor, sum8);
                    sum9 = ((FloatVector) packed.and(7 << 27).convert(I2F, 0)).fma(factor, sum9);
                }
                sum5.intoArray(sums, 0);
                sum6.intoArray(sums, LANES);
                sum7.intoArray(sums, 2 * LANES);
                sum8.intoArray(sums, 3 * LANES);
                sum9.intoArray(sums, 4 * LANES);
                addScaled(sums, UNITS_3_UPPER, shift, s, scale + 80, y, at + 80);
            }
        }
    }

    /** The codes of byte {@code quarter} of each int. */
    private static void bits2(
            int quarter, MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        w = NativeSegments.of(w);
        for (int o = 0; o < n; o += 256) {
            for (int k = 0; k < 16; k += LANES) {
                int at = yOffset + o + 64 * quarter + k;
                int scale = sOffset + o + 64 * quarter + k;
                long line = o / 4 + 4 * k;
                FloatVector sum0 = FloatVector.zero(FLOATS);
                FloatVector sum1 = FloatVector.zero(FLOATS);
                FloatVector sum2 = FloatVector.zero(FLOATS);
                FloatVector sum3 = FloatVector.zero(FLOATS);
                for (int i = 0; i < count; i++) {
                    FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                    IntVector packed = IntVector.fromMemorySegment(INTS, w, lines[i] + line, LITTLE_ENDIAN)
                            .lanewise(LSHR, 8 * quarter);
                    sum0 = ((FloatVector) packed.and(3).convert(I2F, 0)).fma(factor, sum0);
                    sum1 = ((FloatVector) packed.and(3 << 2).convert(I2F, 0)).fma(factor, sum1);
                    sum2 = ((FloatVector) packed.and(3 << 4).convert(I2F, 0)).fma(factor, sum2);
                    sum3 = ((FloatVector) packed.and(3 << 6).convert(I2F, 0)).fma(factor, sum3);
                }
                sum0.intoArray(sums, 0);
                sum1.intoArray(sums, LANES);
                sum2.intoArray(sums, 2 * LANES);
                sum3.intoArray(sums, 3 * LANES);
                addScaled(sums, UNITS_2, shift, s, scale, y, at);
            }
        }
    }

    /**
     * {@code y += (sums · unit + shift) · s}, of every code of an int, 16 outputs apart. A loop: written out, this was
     * the larger half of what C2 had to deal with, 34,000 nodes for 4 bits.
     */
    private static void addScaled(
            float[] sums, float[] units, float shift, float[] s, int scale, float[] y, int at) {
        for (int j = 0; j < units.length; j++) {
            FloatVector.fromArray(FLOATS, sums, j * LANES)
                    .fma(FloatVector.broadcast(FLOATS, units[j]), FloatVector.broadcast(FLOATS, shift))
                    .fma(
                            FloatVector.fromArray(FLOATS, s, scale + 16 * j),
                            FloatVector.fromArray(FLOATS, y, at + 16 * j))
                    .intoArray(y, at + 16 * j);
        }
    }
}
