package dev.sparsellm.runtime.dense;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 11, 12, 13, 23, 25, 288, 512, 1000, 2048, 32064})
    void parts_adjoin_and_have_all_rows(int rows) {
        for (int batch : new int[] {1, 2, 128}) {
            for (long rowBytes : new long[] {34, 4352, 1 << 16}) {
                int parts = Split.parts(rows, rowBytes, 1, batch);
                assertThat(parts).isBetween(1, rows);
                assertThat(Split.begin(0, parts, rows, rowBytes, batch)).isZero();
                assertThat(Split.begin(parts, parts, rows, rowBytes, batch)).isEqualTo(rows);
                for (int part = 0; part < parts; part++) {
                    assertThat(Split.begin(part + 1, parts, rows, rowBytes, batch))
                            .as("%d rows, batch %d, part %d of %d", rows, batch, part, parts)
                            .isGreaterThan(Split.begin(part, parts, rows, rowBytes, batch));
                }
            }
        }
    }

    @Test
    void parts_of_a_large_matrix_are_small_enough_to_end_together() {
        int rows = 128_256;
        long rowBytes = 2176;
        int parts = Split.parts(rows, rowBytes, 1, 1);
        for (int part = 0; part < parts; part++) {
            int rowsOfPart = Split.begin(part + 1, parts, rows, rowBytes, 1) - Split.begin(part, parts, rows, rowBytes, 1);
            assertThat(rowsOfPart * rowBytes).isBetween(1L << 20, (2L << 20) + 8 * rowBytes);
        }
        assertThat(Split.parts(rows, rowBytes, 1, 128)).as("a batch, which is laid out").isEqualTo(32);
    }

    @Test
    void parts_have_whole_pages_in_each_fourth_where_there_are_enough_of_them() {
        int rows = 2048;
        long rowBytes = 1152; // 2048 columns of Q4_0: 32 rows are 9 pages
        int parts = Split.parts(rows, rowBytes, 1, 1);
        assertThat(parts).isEqualTo(16);
        for (int part = 0; part < parts; part++) {
            int rowsOfPart =
                    Split.begin(part + 1, parts, rows, rowBytes, 1) - Split.begin(part, parts, rows, rowBytes, 1);
            assertThat(rowsOfPart / 4 * rowBytes % 4096).isZero();
        }
        assertThat(Split.parts(512, rowBytes, 1, 1)).as("four would be too few").isEqualTo(9);
    }
}
