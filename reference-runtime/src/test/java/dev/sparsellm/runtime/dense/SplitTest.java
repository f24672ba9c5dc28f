package dev.sparsellm.runtime.dense;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.kernels.BatchedInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitTest {

    private static final int TWO_MEGABYTES = 2 << 20;

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 11, 12, 13, 23, 25, 65, 127, 288, 512, 1000, 1025, 1280, 2047, 2048, 32064})
    void parts_adjoin_and_have_all_rows(int rows) {
        for (int batch : new int[] {1, 2, 128}) {
            for (int rowsTogether : new int[] {1, 4, 64, 128, 8192}) {
                for (long rowBytes : new long[] {34, 768, 2 * 4352, 1 << 16}) {
                    Split split = Split.of(rows, rowsTogether, rowBytes, batch);
                    assertThat(split.parts()).isBetween(1, rows);
                    assertThat(split.begin(0)).isZero();
                    assertThat(split.begin(split.parts())).isEqualTo(rows);
                    for (int part = 0; part < split.parts(); part++) {
                        assertThat(split.begin(part + 1))
                                .as("%s, batch %d, part %d", split, batch, part)
                                .isGreaterThan(split.begin(part));
                    }
                }
            }
        }
    }

    @Test
    void parts_of_a_large_matrix_are_small_enough_to_end_together() {
        long rowBytes = 2176;
        Split split = Split.of(128_256, 1, rowBytes, 1);
        for (int part = 0; part < split.parts(); part++) {
            assertThat(rowsOf(split, part) * rowBytes).isBetween(1L << 20, TWO_MEGABYTES + 8 * rowBytes);
        }
        assertThat(Split.of(128_256, 1, rowBytes, BatchedInput.FEWEST).parts()).as("a batch, which is laid out").isEqualTo(32);
    }

    @Test
    void parts_have_as_many_rows_as_kernels_prefer_where_there_are_enough_of_them() {
        Split split = Split.of(2048, 128, 1152, 1);
        assertThat(split.parts()).isEqualTo(16);
        for (int part = 0; part < split.parts(); part++) {
            assertThat(rowsOf(split, part)).isEqualTo(128);
        }
        assertThat(Split.of(512, 128, 1152, 1).parts()).as("four would be too few").isEqualTo(9);
        assertThat(Split.of(2048, 128, 1152, BatchedInput.FEWEST).parts()).as("a batch, which is laid out").isEqualTo(32);
    }

    /** Gate and up of Llama 3 8B in Q6_K: 512 rows of both are 3.4 MB. */
    @Test
    void what_kernels_prefer_does_not_make_parts_too_large() {
        long rowBytes = 2 * 3360;
        Split split = Split.of(14_336, 512, rowBytes, 1);
        for (int part = 0; part < split.parts(); part++) {
            assertThat(rowsOf(split, part) * rowBytes).isLessThanOrEqualTo(TWO_MEGABYTES + 8 * rowBytes);
        }
    }

    private static int rowsOf(Split split, int part) {
        return split.begin(part + 1) - split.begin(part);
    }
}
