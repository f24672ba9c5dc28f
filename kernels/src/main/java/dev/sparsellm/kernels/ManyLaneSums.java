package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.EIGHT_APART;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.FOUR_APART;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.ONE_APART;
import static dev.sparsellm.kernels.VectorWidth.TWO_APART;
import static dev.sparsellm.kernels.VectorWidth.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Adds up many {@link LaneSums} together, each in the order of {@link LaneSums#total}: when the halves of two have been
 * added, the two share a vector; then four do, then eight. A quarter of the instructions of one total after the other,
 * which took 4 % of {@link VectorGemm}.
 */
final class ManyLaneSums {

    private static final VectorMask<Float> UPPER_EIGHT = lanes(0xff00);
    private static final VectorMask<Float> UPPER_FOURS = lanes(0xf0f0);
    private static final VectorMask<Float> UPPER_TWOS = lanes(0xcccc);

    private ManyLaneSums() {}

    private static VectorMask<Float> lanes(long bits) {
        return VectorMask.fromLong(FLOATS, bits & (1L << LANES) - 1);
    }

    /**
     * Replaces the {@code count} vectors of sums at the beginning of {@code s} by fewer vectors of totals, which lie at
     * {@link #places}.
     *
     * @param count divisible by half of the number of lanes
     */
    static void total(float[] s, int count) {
        int left = count;
        if (LANES == 16) {
            for (int i = 0; i < left; i += 2) {
                FloatVector a = load(s, i * LANES);
                FloatVector b = load(s, i * LANES + LANES);
                a = a.add(a.rearrange(EIGHT_APART));
                b = b.add(b.rearrange(EIGHT_APART));
                a.blend(b, UPPER_EIGHT).intoArray(s, i / 2 * LANES);
            }
            left /= 2;
        }
        if (LANES >= 8) {
            for (int i = 0; i < left; i += 2) {
                FloatVector a = load(s, i * LANES);
                FloatVector b = load(s, i * LANES + LANES);
                a = a.add(a.rearrange(FOUR_APART));
                b = b.add(b.rearrange(FOUR_APART));
                a.blend(b, UPPER_FOURS).intoArray(s, i / 2 * LANES);
            }
            left /= 2;
        }
        for (int i = 0; i < left; i += 2) {
            FloatVector a = load(s, i * LANES);
            FloatVector b = load(s, i * LANES + LANES);
            a = a.add(a.rearrange(TWO_APART));
            b = b.add(b.rearrange(TWO_APART));
            a.blend(b, UPPER_TWOS).intoArray(s, i / 2 * LANES);
        }
        for (int i = 0; i < left / 2; i++) {
            FloatVector a = load(s, i * LANES);
            a.add(a.rearrange(ONE_APART)).intoArray(s, i * LANES);
        }
    }

    /** Where {@link #total} puts the totals of {@code count} sums. */
    static int[] places(int count) {
        int[] places = new int[count];
        Arrays.setAll(places, i -> switch (LANES) {
            case 16 -> i / 8 * 16 + (i & 1) * 8 + (i & 2) * 2 + (i & 4) / 2;
            case 8 -> i / 4 * 8 + (i & 1) * 4 + (i & 2);
            default -> i / 2 * 4 + (i & 1) * 2;
        });
        return places;
    }
}
