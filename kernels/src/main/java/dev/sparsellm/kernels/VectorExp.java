package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@code e^x} within 2 units in the last place, with NaN, infinities, overflow and denormal results as
 * {@link Math#exp}. {@code lanewise(EXP)} would do, but what it calls, and with it the last bits, depends on the
 * platform.
 */
final class VectorExp {

    private static final float LOG2_E = 1.442695f;
    /** ln 2 in two parts; the upper has 9 bits, so that its product with any exponent is exact. */
    private static final float LN2_HIGH = 0.693359375f;

    private static final float LN2_LOW = -2.12194440e-4f;
    /** Added and taken away again, it rounds to a whole number, which its lowest bits then hold. */
    private static final float ROUND = 0x1.8p23f;

    private VectorExp() {}

    /**
     * {@code e^x = 2^n · e^r} with whole n and |r| ≤ ln 2 / 2, where the Taylor series up to r⁷ errs by 5·10⁻⁹. 2^n is
     * multiplied in two steps, since n may exceed what an exponent can hold either way before the product does.
     */
    static FloatVector exp(FloatVector x) {
        // Beyond these the result is 0 or infinity. NaN stays NaN: both operations hand it on.
        x = x.max(-104f).min(89f);
        FloatVector shifted = x.fma(FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), x);
        r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);

        FloatVector p = FloatVector.broadcast(FLOATS, 1f / 5040);
        p = p.fma(r, FloatVector.broadcast(FLOATS, 1f / 720));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 1f / 120));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 1f / 24));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 1f / 6));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 1f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 1f));

        IntVector exponent = shifted.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUND));
        IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
        return p.mul(powerOfTwo(half)).mul(powerOfTwo(exponent.sub(half)));
    }

    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    /** {@code v / (1 + e^−v)}; written with {@code e^−|v|}, which cannot overflow where the quotient is not yet zero. */
    static FloatVector silu(FloatVector v) {
        FloatVector e = exp(v.abs().neg());
        FloatVector numerator = v.blend(v.mul(e), v.lt(0f));
        return numerator.div(e.add(1f));
    }
}
