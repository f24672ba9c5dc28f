package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@code e^x} within 2 units in the last place, with NaN, infinities, overflow and denormal results as
 * {@link Math#exp}, and what is made of it. {@code lanewise(EXP)} would do, but what it calls, and with it the last
 * bits, depends on the platform.
 */
final class VectorExp {

    private static final float LOG2_E = 1.442695f;
    /** ln 2 in two parts; the upper has 9 bits, so that its product with any exponent is exact. */
    private static final float LN2_HIGH = 0.693359375f;

    private static final float LN2_LOW = -2.12194440e-4f;
    /** Added and taken away again, it rounds to a whole number, which its lowest bits then hold. */
    private static final float ROUND = 0x1.8p23f;

    private VectorExp() {}

    /** {@code x = e^(x − shift)} for indices in [from, to), a multiple of {@link VectorWidth#LANES}. */
    static void exp(float[] x, int from, int to, float shift) {
        apply(x, from, to, shift, false);
    }

    /** {@code x = x / (1 + e^−x)} for indices in [from, to), a multiple of {@link VectorWidth#LANES}. */
    static void silu(float[] x, int from, int to) {
        apply(x, from, to, 0, true);
    }

    /**
     * {@code e^a = 2^n · e^r} with whole n and |r| ≤ ln 2 / 2, where the Taylor series up to r⁷ errs by 5·10⁻⁹. 2^n is
     * multiplied in two steps, since n may exceed what an exponent can hold either way before the product does.
     *
     * <p>Both functions in one loop: as a method of its own, from vector to vector, the exponential was at times
     * compiled before its callers, too big to be inlined then, and its results were boxed.
     */
    private static void apply(float[] x, int from, int to, float shift, boolean silu) {
        for (int i = from; i < to; i += LANES) {
            FloatVector v = load(x, i);
            // e^−|v| cannot overflow where v / (1 + e^−v) is not yet zero.
            FloatVector a = silu ? v.abs().neg() : v.sub(shift);
            // Beyond these the result is 0 or infinity. NaN stays NaN: both operations hand it on.
            a = a.max(-104f).min(89f);
            FloatVector round = FloatVector.broadcast(FLOATS, ROUND);
            FloatVector rounded = a.fma(FloatVector.broadcast(FLOATS, LOG2_E), round);
            FloatVector n = rounded.sub(round);
            FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), a);
            r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);

            FloatVector e = FloatVector.broadcast(FLOATS, 1f / 5040);
            e = e.fma(r, FloatVector.broadcast(FLOATS, 1f / 720));
            e = e.fma(r, FloatVector.broadcast(FLOATS, 1f / 120));
            e = e.fma(r, FloatVector.broadcast(FLOATS, 1f / 24));
            e = e.fma(r, FloatVector.broadcast(FLOATS, 1f / 6));
            e = e.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
            e = e.fma(r, FloatVector.broadcast(FLOATS, 1f));
            e = e.fma(r, FloatVector.broadcast(FLOATS, 1f));

            IntVector exponent = rounded.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUND));
            IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
            e = e.mul(powerOfTwo(half)).mul(powerOfTwo(exponent.sub(half)));

            if (silu) {
                e = v.blend(v.mul(e), v.lt(0f)).div(e.add(1f));
            }
            e.intoArray(x, i);
        }
    }

    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }
}
