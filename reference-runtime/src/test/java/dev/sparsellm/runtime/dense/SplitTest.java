package dev.sparsellm.runtime.dense;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.kernels.BatchedInput;
import java.util.List;
import java.util.stream.IntStream;
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
                    Split split = new Split(rows, rowsTogether, rowBytes);
                    int parts = split.parts(batch);
                    assertThat(parts).isBetween(1, rows);
                    assertThat(split.begin(0, parts, batch)).isZero();
                    assertThat(split.begin(parts, parts, batch)).isEqualTo(rows);
                    for (int part = 0; part < parts; part++) {
                        assertThat(split.begin(part + 1, parts, batch))
                                .as("%s, batch %d, part %d of %d", split, batch, part, parts)
                                .isGreaterThan(split.begin(part, parts, batch));
                    }
                }
            }
        }
    }

    @Test
    void parts_of_a_large_matrix_are_small_enough_to_end_together() {
        long rowBytes = 2176;
        Split split = new Split(128_256, 1, rowBytes);
        assertThat(rowsOfParts(split))
                .allSatisfy(rows -> assertThat(rows * rowBytes).isBetween(1L << 20, TWO_MEGABYTES + 8 * rowBytes));
        assertThat(split.parts(BatchedInput.FEWEST)).as("a batch, which is laid out").isEqualTo(32);
    }

    @Test
    void parts_have_as_many_rows_as_kernels_prefer_where_there_are_enough_of_them() {
        Split split = new Split(2048, 128, 1152);
        assertThat(rowsOfParts(split)).hasSize(16).containsOnly(128);
        assertThat(split.parts(BatchedInput.FEWEST)).as("a batch, which is laid out").isEqualTo(32);
        assertThat(new Split(512, 128, 1152).parts(1)).as("four would be too few").isEqualTo(9);
    }

    /** Gate and up of Llama 3 8B in Q6_K: 512 rows of both are 3.4 MB. */
    @Test
    void what_kernels_prefer_does_not_make_parts_too_large() {
        long rowBytes = 2 * 3360;
        assertThat(rowsOfParts(new Split(14_336, 512, rowBytes)))
                .allSatisfy(rows -> assertThat(rows * rowBytes).isLessThanOrEqualTo(TWO_MEGABYTES + 8 * rowBytes));
    }

    /** For one row of x. */
    private static List<Integer> rowsOfParts(Split split) {
        int parts = split.parts(1);
        return IntStream.range(0, parts)
                .mapToObj(part -> split.begin(part + 1, parts, 1) - split.begin(part, parts, 1))
                .toList();
    }
}
