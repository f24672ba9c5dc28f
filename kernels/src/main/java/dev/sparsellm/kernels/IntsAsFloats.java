package dev.sparsellm.kernels;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.REINTERPRET_I2F;

import java.util.Arrays;
import jdk.incubator.vector.VectorOperators.Conversion;

/**
 * How codes, which are ints below 2^24, become floats that can be multiplied: converted, or, on processors for which denormal numbers
 * are nothing special, not at all. The bits of such an int are those of a float 2^149 times smaller, denormal or the least
 * above. What it is multiplied with is made {@link #UP} times as large, and the sum {@link #UNIT} times, all powers of two:
 * both ways have the same bits for any x from 2^-52 to 2^52. Above, sums become infinite: rows are done anew then, channels are not;
 * below, they lose what is smaller than 2^-75.
 *
 * <p>A conversion less for each multiply-add: rows of Q4_0 1.17 times, of Q8_0 1.03 to 1.1 times as fast, channels of 4 bits 1.04 to
 * 1.1 times, of 8 bits 1.1, AMD Zen 3. Intel's processors take some 150 cycles for each such number, so this is measured once, in a few
 * milliseconds. For multiply-adds only: Zen 3, too, takes its time where it multiplies a denormal number and does not add.
 */
final class IntsAsFloats {

    /** The system property that tells, {@code true} or {@code false}, in place of measuring: for tests of both. */
    static final String DENORMALS = "sparsellm.denormals";

    private static final int NUMBERS = 1024;
    private static final int TURNS = 40;

    /** Whether denormal numbers are as fast as others here. */
    static final boolean AS_THEY_ARE = System.getProperty(DENORMALS) == null
            ? denormalsAreFast()
            : Boolean.getBoolean(DENORMALS);

    /** Makes floats of ints, for {@code convert}. */
    static final Conversion<Integer, Float> TO_FLOAT = AS_THEY_ARE ? REINTERPRET_I2F : I2F;

    /** What x is to be multiplied with before. */
    static final float UP = AS_THEY_ARE ? 0x1p75f : 1;

    /** What sums are to be multiplied with after. */
    static final float UNIT = AS_THEY_ARE ? 0x1p74f : 1;

    private IntsAsFloats() {}

    /** The fastest turn of several counts: 40 times as long where each number is a case for microcode, 3 times even if interpreted. */
    private static boolean denormalsAreFast() {
        float[] normal = new float[NUMBERS];
        float[] denormal = new float[NUMBERS];
        Arrays.fill(normal, 1);
        Arrays.fill(denormal, Float.intBitsToFloat(0xf0));
        long normalNanos = Long.MAX_VALUE;
        long denormalNanos = Long.MAX_VALUE;
        for (int i = 0; i < TURNS; i++) {
            normalNanos = Math.min(normalNanos, nanos(normal));
            denormalNanos = Math.min(denormalNanos, nanos(denormal));
        }
        return denormalNanos < 2 * normalNanos;
    }

    private static long nanos(float[] numbers) {
        long start = System.nanoTime();
        float sum = 0;
        for (float number : numbers) {
            sum = Math.fma(number, 0x1p75f, sum);
        }
        long nanos = System.nanoTime() - start;
        return sum > 0 ? nanos : Long.MAX_VALUE; // always so, but C2 does not know
    }
}
