package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.EveryWidth;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@EveryWidth
class RowProductTest {

    /** Twice as many as kernels take together, the last ones short. */
    private static final int ROWS = 23;
    private static final float SENTINEL = 12345;

    private final Kernels kernels = KernelChoice.ofThisJvm().kernels();
    private final Scratch scratch = new Scratch();

    static Stream<TensorType> types() {
        return TestWeights.TYPES.stream();
    }

    /** Odd numbers of columns where the type allows, long rows among them, and numbers of blocks that fill no tile. */
    private static int[] columns(TensorType type) {
        return type.blockSize() == 1
                ? new int[] {1, 15, 16, 17, 31, 32, 33, 172, 255, 257, 2049, 4101}
                : Arrays.stream(new int[] {1, 2, 3, 7, 65}).map(n -> n * type.blockSize()).toArray();
    }

    @ParameterizedTest
    @MethodSource("types")
    void products_agree_with_double_precision(TensorType type) {
        for (int columns : columns(type)) {
            Tensor weights = TestWeights.random(type, ROWS, columns, columns);
            float[] w = TestWeights.unpacked(weights);
            RowProduct product = kernels.rows(weights);
            assertThat(product.rows()).isEqualTo(ROWS);
            assertThat(product.columns()).isEqualTo(columns);
            for (int batch : new int[] {1, 2, 3, 7, 8, 9, 16, 17, 31, 33, 49, 64}) {
                float[] x = TestWeights.activations(batch * columns, batch);
                float[] y = new float[batch * ROWS];
                product.multiply(x, batch, y, ROWS, 0, ROWS, scratch);
                double error = 0;
                double norm = 0;
                for (int b = 0; b < batch; b++) {
                    for (int r = 0; r < ROWS; r++) {
                        double exact = exact(w, r, x, b * columns, columns);
                        error += square(y[b * ROWS + r] - exact);
                        norm += square(exact);
                    }
                }
                assertThat(error / norm)
                        .as("%s, %d columns, batch %d", type, columns, batch)
                        .isLessThanOrEqualTo(1e-10);
            }
        }
    }

    private static double exact(float[] w, int row, float[] x, int xOffset, int columns) {
        double sum = 0;
        for (int c = 0; c < columns; c++) {
            sum += (double) w[row * columns + c] * x[xOffset + c];
        }
        return sum;
    }

    private static double square(double v) {
        return v * v;
    }

    @ParameterizedTest
    @MethodSource("types")
    void ranges_of_rows_and_sizes_of_batches_change_no_bit_and_write_nothing_else(TensorType type) {
        int batch = 37;
        int stride = ROWS + 3;
        for (int columns : columns(type)) {
            RowProduct product = kernels.rows(TestWeights.random(type, ROWS, columns, columns));
            Arrays.fill(scratch.floats(200_000), Float.NaN); // what is left over there must not matter
            float[] x = TestWeights.activations(batch * columns, 1);
            float[] alone = new float[batch * stride];
            for (int b = 0; b < batch; b++) {
                float[] one = new float[stride];
                product.multiply(Arrays.copyOfRange(x, b * columns, (b + 1) * columns), 1, one, stride, 0, ROWS, scratch);
                System.arraycopy(one, 0, alone, b * stride, stride);
            }
            float[] together = new float[batch * stride];
            product.multiply(x, batch, together, stride, 0, ROWS, scratch);
            for (int[] range : new int[][] {{0, 1}, {3, 8}, {2, 11}, {17, 19}, {4, 4}, {3, 23}}) {
                for (int n : new int[] {1, 2, BatchedInput.FEWEST - 1, BatchedInput.FEWEST, 16, 33, 37}) {
                    float[] expected = n < BatchedInput.FEWEST ? alone : together;
                    float[] y = new float[n * stride];
                    Arrays.fill(y, SENTINEL);
                    product.multiply(x, n, y, stride, range[0], range[1], scratch);
                    float[] wanted = new float[n * stride];
                    for (int i = 0; i < wanted.length; i++) {
                        int r = i % stride;
                        wanted[i] = r >= range[0] && r < range[1] ? expected[i] : SENTINEL;
                    }
                    assertThat(y)
                            .as("%s, %d columns, batch %d, rows %s", type, columns, n, Arrays.toString(range))
                            .isEqualTo(wanted);
                }
            }
        }
    }

    /** More weights than are multiplied with one row of x before the next one. */
    @ParameterizedTest
    @MethodSource("types")
    void few_rows_of_x_are_multiplied_each_as_if_alone(TensorType type) {
        int rows = 401;
        int columns = 5 * 256;
        RowProduct product = kernels.rows(TestWeights.random(type, rows, columns, columns));
        float[] x = TestWeights.activations(3 * columns, 3);
        float[] wanted = new float[3 * rows];
        for (int b = 0; b < 3; b++) {
            float[] one = new float[rows];
            product.multiply(Arrays.copyOfRange(x, b * columns, (b + 1) * columns), 1, one, rows, 0, rows, scratch);
            System.arraycopy(one, 0, wanted, b * rows, rows);
        }
        float[] y = new float[3 * rows];
        product.multiply(x, 3, y, rows, 1, rows, scratch);
        for (int b = 0; b < 3; b++) {
            wanted[b * rows] = 0;
        }
        assertThat(y).as("%s", type).isEqualTo(wanted);
    }

    /** Rows of 4096 columns are multiplied in blocks of a few dozen; the first row, and those after a block, stand alone. */
    @ParameterizedTest
    @MethodSource("types")
    void ranges_of_several_blocks_have_the_bits_of_single_rows(TensorType type) {
        int rows = 150;
        int columns = 4096;
        RowProduct product = kernels.rows(TestWeights.random(type, rows, columns, 7));
        float[] x = TestWeights.activations(columns, 8);
        float[] wanted = new float[rows];
        for (int r = 0; r < rows; r++) {
            product.multiply(x, 1, wanted, rows, r, r + 1, scratch);
        }
        SingleInput prepared = SingleInput.of(x, 0);
        product.prepare(prepared);
        for (SingleInput input : List.of(prepared, SingleInput.of(x, 0))) {
            for (int from : new int[] {0, 1, 22}) {
                for (int to : new int[] {from, from + 64, from + 73, rows}) {
                    float[] y = new float[rows];
                    Arrays.fill(y, SENTINEL);
                    product.multiply(input, y, 0, from, to, scratch);
                    float[] inRange = new float[rows];
                    Arrays.fill(inRange, SENTINEL);
                    System.arraycopy(wanted, from, inRange, from, to - from);
                    assertThat(y).as("%s, rows %d to %d", type, from, to).isEqualTo(inRange);
                }
            }
        }
    }

    @Test
    void whole_pages_take_as_few_rows_as_come_to_a_multiple_of_a_page() {
        assertThat(VectorRowProduct.wholePages(2304)).as("4096 columns of Q4_0, nine pages").isEqualTo(16);
        assertThat(VectorRowProduct.wholePages(1152)).as("2048 columns of Q4_0, nine pages").isEqualTo(32);
        assertThat(VectorRowProduct.wholePages(8192)).as("two pages each").isEqualTo(1);
        assertThat(VectorRowProduct.wholePages(34)).as("one block of Q8_0").isEqualTo(2048);
        assertThat(VectorRowProduct.wholePages(3)).isEqualTo(4096);
    }

    /** Q8_0 is multiplied in blocks of 32 such rows, which have no fourths of whole pages. */
    @Test
    void rows_are_preferred_together_where_their_fourths_are_whole_pages_within_a_block() {
        int together = kernels == KernelChoice.SCALAR ? 1 : 64;
        assertThat(kernels.rows(TestWeights.random(TensorType.Q4_0, ROWS, 4096, 1)).rowsTogether()).isEqualTo(together);
        assertThat(kernels.rows(TestWeights.random(TensorType.Q8_0, ROWS, 4096, 1)).rowsTogether()).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("types")
    void what_is_prepared_once_has_the_bits_of_what_is_prepared_each_time(TensorType type) {
        int columns = 512;
        RowProduct product = kernels.rows(TestWeights.random(type, ROWS, columns, 1));
        SingleInput input = new SingleInput();
        for (int seed = 2; seed < 4; seed++) { // the second x must not be taken for the first
            float[] x = TestWeights.activations(columns + 5, seed);
            float[] wanted = new float[ROWS];
            product.multiply(Arrays.copyOfRange(x, 5, 5 + columns), 1, wanted, ROWS, 0, ROWS, scratch);
            input.set(x, 5);
            for (int time = 0; time < 2; time++) {
                product.prepare(input);
                float[] y = new float[ROWS];
                product.multiply(input, y, 0, 0, 3, scratch);
                product.multiply(input, y, 0, 3, ROWS, scratch);
                assertThat(y).as("%s, x %d", type, seed).isEqualTo(wanted);
            }
        }
    }

    @Test
    void what_was_prepared_for_fewer_columns_is_not_taken() {
        float[] x = TestWeights.activations(512, 2);
        RowProduct product = kernels.rows(TestWeights.random(TensorType.Q4_0, ROWS, 512, 1));
        float[] wanted = new float[ROWS];
        product.multiply(x, 1, wanted, ROWS, 0, ROWS, scratch);
        SingleInput input = SingleInput.of(x, 0);
        kernels.rows(TestWeights.random(TensorType.Q4_0, ROWS, 256, 1)).prepare(input);
        float[] y = new float[ROWS];
        product.multiply(input, y, 0, 0, ROWS, scratch);
        assertThat(y).isEqualTo(wanted);
    }

    @Test
    void what_was_prepared_for_another_type_is_not_taken() {
        int columns = 512;
        float[] x = TestWeights.activations(columns, 2);
        SingleInput input = SingleInput.of(x, 0);
        kernels.rows(TestWeights.random(TensorType.Q4_0, ROWS, columns, 1)).prepare(input);
        for (TensorType type : TestWeights.TYPES) {
            RowProduct product = kernels.rows(TestWeights.random(type, ROWS, columns, 1));
            float[] wanted = new float[ROWS];
            product.multiply(x, 1, wanted, ROWS, 0, ROWS, scratch);
            float[] y = new float[ROWS];
            product.multiply(input, y, 0, 0, ROWS, scratch);
            assertThat(y).as("%s", type).isEqualTo(wanted);
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void chosen_rows_have_the_bits_of_all_rows_and_others_stay_as_they_are(TensorType type) {
        for (int columns : columns(type)) {
            RowProduct product = kernels.rows(TestWeights.random(type, ROWS, columns, columns));
            float[] x = TestWeights.activations(columns + 5, 2);
            float[] all = new float[ROWS];
            product.multiply(Arrays.copyOfRange(x, 5, 5 + columns), 1, all, ROWS, 0, ROWS, scratch);
            for (int[] indices : new int[][] {{}, {0}, {10}, {1, 4, 9}, {0, 1, 2, 3}, {0, 2, 3, 5, 6, 7, 10}}) {
                for (int from = 0; from <= indices.length; from++) {
                    float[] y = listed(product, SingleInput.of(x, 5), indices, from, Reading.FEW_LINES);
                    assertThat(listed(product, SingleInput.of(x, 5), indices, from, Reading.MANY_LINES)).isEqualTo(y);
                    float[] wanted = new float[ROWS + 4];
                    Arrays.fill(wanted, SENTINEL);
                    for (int i = from; i < indices.length; i++) {
                        wanted[2 + indices[i]] = all[indices[i]];
                    }
                    assertThat(y)
                            .as("%s, %d columns, rows %s from %d on", type, columns, Arrays.toString(indices), from)
                            .isEqualTo(wanted);
                }
            }
        }
    }

    /** Rows of several blocks, by each way in turns, then by the fastest. */
    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "F16"})
    void no_bit_depends_on_the_way(TensorType type) {
        int rows = 300;
        RowProduct product = kernels.rows(TestWeights.random(type, rows, 2048, 1));
        float[] x = TestWeights.activations(2048, 2);
        float[] wanted = new float[rows];
        for (int r = 0; r < rows; r++) {
            product.multiply(x, 1, wanted, rows, r, r + 1, scratch);
        }
        for (int i = 0; i < 5 * WayTrial.SAMPLES; i++) {
            float[] y = new float[rows];
            product.multiply(x, 1, y, rows, 0, rows, scratch);
            assertThat(Arrays.equals(y, wanted)).as("call %d", i).isTrue();
        }
    }

    private float[] listed(RowProduct product, SingleInput x, int[] indices, int from, Reading reading) {
        float[] y = new float[ROWS + 4];
        Arrays.fill(y, SENTINEL);
        product.multiplyRows(x, y, 2, indices, from, indices.length, reading, scratch);
        return y;
    }

    /** The definition of {@link LaneSums}, step by step, for types that one x is multiplied with as unpacked. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "Q4_1", "Q5_0", "Q5_1"})
    void vector_sums_are_those_of_each_lane_in_halves(TensorType type) {
        if (kernels == KernelChoice.SCALAR) {
            return; // has no lanes
        }
        int lanes = kernels.vectorBits() / 32;
        for (int columns : columns(type)) {
            Tensor weights = TestWeights.random(type, 1, columns, columns);
            float[] w = TestWeights.unpacked(weights);
            float[] x = TestWeights.activations(columns, 3);
            float[] sums = new float[lanes];
            for (int c = 0; c < columns; c++) {
                int lane = lane(type, c, columns, lanes);
                sums[lane] = Math.fma(w[c], x[c], sums[lane]);
            }
            for (int half = lanes / 2; half > 0; half /= 2) {
                for (int i = 0; i < half; i++) {
                    sums[i] += sums[i + half];
                }
            }
            float[] y = new float[1];
            kernels.rows(weights).multiply(x, 1, y, 1, 0, 1, scratch);
            assertThat(y).as("%s, %d columns", type, columns).containsExactly(sums[0]);
        }
    }

    /** Of BF16 by 256 bits, a vector has eight pairs of weights; what fills no vector follows from lane 0 on. */
    private static int lane(TensorType type, int column, int columns, int lanes) {
        boolean ofPair = type == TensorType.BF16 && lanes == 8 && column < columns / 16 * 16;
        return ofPair ? column % 16 / 2 : column % lanes;
    }

    /** More rows than sums are kept of at a time. */
    @ParameterizedTest
    @MethodSource("types")
    void batches_are_multiplied_in_the_order_of_the_columns_at_any_width(TensorType type) {
        if (kernels == KernelChoice.SCALAR) {
            return; // adds up pieces of 256 columns
        }
        int rows = 401;
        int batch = 35;
        for (int columns : new int[] {type.blockSize(), 5 * 256}) {
            Tensor weights = TestWeights.random(type, rows, columns, columns);
            float[] w = TestWeights.unpacked(weights);
            float[] x = TestWeights.activations(batch * columns, 3);
            float[] wanted = new float[batch * rows];
            for (int b = 0; b < batch; b++) {
                for (int r = 0; r < rows; r++) {
                    float total = 0;
                    for (int cut = 0; cut < columns; cut += 1024) {
                        float sum = 0;
                        for (int c = cut; c < Math.min(cut + 1024, columns); c++) {
                            sum = Math.fma(w[r * columns + c], x[b * columns + c], sum);
                        }
                        total += sum;
                    }
                    wanted[b * rows + r] = total;
                }
            }
            float[] y = new float[batch * rows];
            kernels.rows(weights).multiply(x, batch, y, rows, 0, rows, scratch);
            assertThat(y).as("%s, %d columns", type, columns).isEqualTo(wanted);
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void a_batch_laid_out_before_in_any_parts_has_the_same_bits_and_room_is_used_again(TensorType type) {
        BatchedInput input = kernels.batchedInput();
        for (int batch : new int[] {40, 1, 18, 7}) {
            for (int blocks : new int[] {5, 2}) {
                int columns = blocks * type.blockSize();
                RowProduct product = kernels.rows(TestWeights.random(type, ROWS, columns, columns));
                float[] x = TestWeights.activations(batch * columns, 4);
                int enough = Math.max(BatchedInput.FEWEST, batch);
                float[] wanted = new float[enough * ROWS];
                product.multiply(Arrays.copyOf(x, enough * columns), enough, wanted, ROWS, 0, ROWS, scratch);
                input.begin(batch, columns);
                input.lay(x, columns / 3, columns, scratch);
                input.lay(x, 0, columns / 3, scratch);
                float[] y = new float[batch * ROWS];
                product.multiply(input, y, ROWS, 0, 10, scratch);
                product.multiply(input, y, ROWS, 10, ROWS, scratch);
                assertThat(y)
                        .as("%s, %d columns, batch %d", type, columns, batch)
                        .isEqualTo(Arrays.copyOf(wanted, batch * ROWS));
            }
        }
    }

    @Test
    void a_batch_of_other_columns_or_of_other_kernels_is_refused() {
        RowProduct product = kernels.rows(TestWeights.random(TensorType.F32, ROWS, 8, 1));
        BatchedInput longer = kernels.batchedInput();
        longer.begin(2, 9);
        assertThatThrownBy(() -> product.multiply(longer, new float[2 * ROWS], ROWS, 0, ROWS, scratch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("test.F32 has 8 columns")
                .hasMessageContaining("the batch has 9 columns");
        BatchedInput others = new BatchedInput(3, 3, 1);
        others.begin(2, 8);
        assertThatThrownBy(() -> product.multiply(others, new float[2 * ROWS], ROWS, 0, ROWS, scratch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 rows side by side");
        assertThatThrownBy(() -> longer.lay(new float[18], 3, 10, scratch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("columns");
    }

    @ParameterizedTest
    @MethodSource("types")
    void infinities_and_nan_in_x_come_out_as_in_scalar_code(TensorType type) {
        int columns = 3 * (type.blockSize() == 1 ? 33 : type.blockSize());
        Tensor weights = TestWeights.random(type, ROWS, columns, 4);
        for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (int at : new int[] {0, columns / 2, columns - 1}) {
                float[] x = TestWeights.activations(BatchedInput.FEWEST * columns, 5);
                x[at] = odd;
                for (int batch : new int[] {1, 2, BatchedInput.FEWEST}) {
                    float[] expected = new float[batch * ROWS];
                    KernelChoice.SCALAR.rows(weights).multiply(x, batch, expected, ROWS, 0, ROWS, scratch);
                    float[] y = new float[batch * ROWS];
                    kernels.rows(weights).multiply(x, batch, y, ROWS, 0, ROWS, scratch);
                    for (int r = 0; r < batch * ROWS; r++) {
                        if (r >= ROWS) { // of the other row of x, which is ordinary
                            assertThat(y[r]).as("%s, %s at %d, row %d", type, odd, at, r).isFinite();
                            continue;
                        }
                        assertThat(y[r])
                                .as("%s, %s at %d, row %d", type, odd, at, r)
                                .isEqualTo(Float.valueOf(expected[r]));
                    }
                }
            }
        }
    }

    /** Codes times such x overflow where weights times them do not. */
    @ParameterizedTest
    @MethodSource("types")
    void numbers_too_large_for_a_short_form_are_multiplied_all_the_same(TensorType type) {
        int columns = 2 * Math.max(type.blockSize(), 16);
        Tensor weights = TestWeights.random(type, 8 * ROWS, columns, 6);
        float[] unpacked = TestWeights.unpacked(weights);
        float[] x = TestWeights.activations(columns, 7);
        for (int c = 0; c < columns; c++) {
            x[c] *= type.blockSize() == 256 ? 5e33f : 5e36f;
        }
        float[] y = new float[8 * ROWS];
        kernels.rows(weights).multiply(x, 1, y, 8 * ROWS, 0, 8 * ROWS, scratch);
        int small = 0;
        for (int r = 0; r < 8 * ROWS; r++) {
            double exact = 0;
            double magnitude = 0;
            for (int c = 0; c < columns; c++) {
                exact += (double) unpacked[r * columns + c] * x[c];
                magnitude += Math.abs((double) unpacked[r * columns + c] * x[c]);
            }
            if (magnitude < 1e38) {
                small++;
                assertThat((double) y[r]).as("%s, row %d", type, r).isCloseTo(exact, within(1e-5 * magnitude));
            }
        }
        assertThat(small).isPositive();
    }

    /** Scales that are infinite or NaN, as in a damaged file. */
    @ParameterizedTest
    @MethodSource("types")
    void weights_of_any_bits_give_a_number_where_scalar_code_does(TensorType type) {
        int columns = 2 * Math.max(type.blockSize(), 16);
        for (int seed = 0; seed < 50; seed++) {
            Tensor weights = TestWeights.anyBits(type, ROWS, columns, seed);
            float[] x = TestWeights.activations(columns, seed);
            float[] expected = new float[ROWS];
            KernelChoice.SCALAR.rows(weights).multiply(x, 1, expected, ROWS, 0, ROWS, scratch);
            float[] y = new float[ROWS];
            kernels.rows(weights).multiply(x, 1, y, ROWS, 0, ROWS, scratch);
            for (int r = 0; r < ROWS; r++) {
                // At the edge of overflow the order of additions decides; far from it nothing does.
                if (Float.isNaN(expected[r]) || Math.abs(expected[r]) < 1e37f) {
                    assertThat(Float.isNaN(y[r])).as("%s, seed %d, row %d", type, seed, r)
                            .isEqualTo(Float.isNaN(expected[r]));
                }
            }
        }
    }

    /** Rows with an infinity are unpacked: more than one chunk of them, and columns that fill no vector. */
    @Test
    void an_infinite_weight_reaches_its_row_from_any_column() {
        int columns = 301;
        float[] x = TestWeights.activations(columns + 5, 8);
        for (int at : new int[] {0, 255, 256, 287, 288, 299, 300}) {
            Tensor weights = TestWeights.random(TensorType.F16, ROWS, columns, 9);
            float[] before = new float[ROWS];
            kernels.rows(weights).multiplyRows(SingleInput.of(x, 5), before, 0, new int[] {1, 2}, 0, 2, Reading.MANY_LINES, scratch);
            MemorySegment data = Arena.ofAuto().allocate(weights.data().byteSize(), 64).copyFrom(weights.data());
            short infinite = Float.floatToFloat16(Float.POSITIVE_INFINITY);
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * (columns + at), infinite);
            float[] y = new float[ROWS];
            kernels.rows(new Tensor("infinite", TensorType.F16, ROWS, columns, data))
                    .multiplyRows(SingleInput.of(x, 5), y, 0, new int[] {1, 2}, 0, 2, Reading.MANY_LINES, scratch);
            assertThat(y[1]).as("column %d", at).isEqualTo(Math.copySign(Float.POSITIVE_INFINITY, x[5 + at]));
            assertThat(y[2]).as("column %d", at).isEqualTo(before[2]);
        }
    }

    @Test
    void weights_on_the_heap_will_do_too() {
        Tensor weights = TestWeights.random(TensorType.Q8_0, ROWS, 64, 1);
        MemorySegment heap = MemorySegment.ofArray(weights.data().toArray(ValueLayout.JAVA_BYTE));
        float[] x = TestWeights.activations(64, 2);
        float[] expected = new float[ROWS];
        kernels.rows(weights).multiply(x, 1, expected, ROWS, 0, ROWS, scratch);
        float[] y = new float[ROWS];
        kernels.rows(new Tensor("heap", TensorType.Q8_0, ROWS, 64, heap)).multiply(x, 1, y, ROWS, 0, ROWS, scratch);
        assertThat(y).isEqualTo(expected);
    }

    @Test
    void a_range_outside_the_matrix_is_refused_by_the_name_of_the_tensor() {
        RowProduct product = kernels.rows(TestWeights.random(TensorType.F32, ROWS, 8, 1));
        for (int[] range : new int[][] {{-1, 3}, {3, 2}, {0, ROWS + 1}}) {
            assertThatThrownBy(() -> product.multiply(
                            new float[8], 1, new float[2 * ROWS], ROWS, range[0], range[1], scratch))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("test.F32");
        }
        SingleInput x = SingleInput.of(new float[8], 0);
        assertThatThrownBy(() -> product.multiplyRows(x, new float[ROWS], 0, new int[2], 0, 3, Reading.FEW_LINES, scratch))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
