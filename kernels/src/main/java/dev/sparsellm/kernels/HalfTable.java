package dev.sparsellm.kernels;

/**
 * The value of every F16, for scales: where a kernel wants one in all lanes of a vector, to look it up takes a load that
 * spreads what it loads; to convert it takes four operations more, in the very units that multiply and shuffle. From
 * cache, rows of Q8_0 and Q4_0 are 1.6 to 1.8 times as fast by this. The scales of a model are few: a few kilobytes of the
 * 256 are in use.
 */
final class HalfTable {

    /** Indexed by the bits of an F16, as an unsigned number. */
    static final float[] VALUES = new float[1 << 16];

    static {
        for (int bits = 0; bits < VALUES.length; bits++) {
            VALUES[bits] = Float.float16ToFloat((short) bits);
        }
    }

    private HalfTable() {}
}
