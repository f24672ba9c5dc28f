package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("every-width")
class ManyLaneSumsTest {

    @Test
    void totals_have_the_bits_of_one_after_the_other() {
        assumeTrue(KernelChoice.ofThisJvm().kernels().vectorBits() > 32, "scalar kernels have no lanes");
        int lanes = VectorWidth.LANES;
        for (int count : new int[] {lanes / 2, 2 * lanes, 24}) {
            float[] sums = TestWeights.activations(count * lanes, count);
            float[] together = sums.clone();
            ManyLaneSums.total(together, count);
            int[] places = ManyLaneSums.places(count);
            for (int i = 0; i < count; i++) {
                assertThat(together[places[i]]).as("sum %d of %d", i, count).isEqualTo(LaneSums.total(sums, i * lanes));
            }
        }
    }
}
