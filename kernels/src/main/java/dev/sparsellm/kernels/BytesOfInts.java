package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.IntsAsFloats.UP;

/**
 * x for codes that are the bytes of ints, 32 codes of eight ints, of which each byte is multiplied where it is and so too large by a
 * power of two, but for the highest one, which is shifted down: an int of 32 bits is no {@linkplain IntsAsFloats float}.
 */
final class BytesOfInts {

    private BytesOfInts() {}

    /**
     * Lays 32 numbers of x, from {@code from} on, in the order in which codes then come: those of the lowest bytes of the eight ints,
     * then of the next ones and so on.
     */
    static void lay(float[] x, int from, float[] prepared, int at) {
        for (int i = 0; i < 8; i++) {
            prepared[at + i] = x[from + 4 * i] * UP;
            prepared[at + 8 + i] = x[from + 4 * i + 1] * 0x1p-8f * UP;
            prepared[at + 16 + i] = x[from + 4 * i + 2] * 0x1p-16f * UP;
            prepared[at + 24 + i] = x[from + 4 * i + 3] * UP; // shifted down
        }
    }
}
