package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.EveryWidth;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two weights of 16 bits in an int, at every width, whether or not it is what kernels do at that width. */
@EveryWidth
class PairsTest {

    private static final int ROWS = 23;

    private final Scratch scratch = new Scratch();

    @BeforeEach
    void requireVectors() {
        assumeTrue(KernelChoice.ofThisJvm().kernels() != KernelChoice.SCALAR, "scalar code has no pairs");
    }

    private static List<VectorFormat> formats() {
        return List.of(new VectorF16Pairs(), new VectorBF16Pairs());
    }

    private static RowProduct product(VectorFormat format, Tensor weights) {
        return new VectorRowProduct(format, weights, new WayTrial(1));
    }

    private float[] all(RowProduct product, float[] x) {
        float[] y = new float[product.rows()];
        product.multiply(SingleInput.of(x, 0), y, 0, 0, product.rows(), scratch);
        return y;
    }

    private static short bits(TensorType type, float value) {
        return type == TensorType.F16 ? Float.floatToFloat16(value) : (short) (Float.floatToRawIntBits(value) >> 16);
    }

    private static float value(TensorType type, int bits) {
        return type == TensorType.F16 ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
    }

    /** Denormals, infinities and NaN among them; alone in its row, in every column in turn, so that nothing is rounded but the product. */
    @Test
    void everyNumberIsItself() {
        int rows = 1 << 16;
        int columns = 35; // whole steps at any width, and a rest of more than one vector
        for (VectorFormat format : formats()) {
            MemorySegment data = Arena.ofAuto().allocate(2L * rows * columns, 64);
            for (int bits = 0; bits < rows; bits++) {
                data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * (bits * columns + bits % columns), (short) bits);
            }
            RowProduct product = product(format, new Tensor("all", format.type(), rows, columns, data));
            for (float x : new float[] {1, -0.1f, 1e30f}) {
                float[] same = new float[columns];
                Arrays.fill(same, x);
                float[] y = all(product, same);
                float[] wanted = new float[rows];
                for (int bits = 0; bits < rows; bits++) {
                    wanted[bits] = value(format.type(), bits) * x + 0f;
                }
                assertThat(y).as("%s, x %s", format.type(), x).isEqualTo(wanted);
            }
        }
    }

    @Test
    void listedRowsHaveTheBitsOfAllRows() {
        for (VectorFormat format : formats()) {
            for (int columns : new int[] {1, 31, 32, 333, 2048}) {
                Tensor weights = TestWeights.random(format.type(), ROWS, columns, columns);
                float[] x = TestWeights.activations(columns, 2);
                float[] wanted = all(product(format, weights), x);
                for (Reading reading : Reading.values()) {
                    for (int[] list : new int[][] {{3}, {0, 22}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20}}) {
                        float[] y = new float[ROWS];
                        product(format, weights).multiplyRows(SingleInput.of(x, 0), y, 0, list, 0, list.length, reading, scratch);
                        float[] listed = new float[ROWS];
                        Arrays.stream(list).forEach(r -> listed[r] = wanted[r]);
                        assertThat(y).as("%s, %s, %d columns", format.type(), reading, columns).isEqualTo(listed);
                    }
                }
            }
        }
    }

    @Test
    void productsAreThoseOfTheNumbers() {
        for (VectorFormat format : formats()) {
            for (int columns : new int[] {1, 15, 16, 33, 47, 172, 257, 4096}) {
                Tensor weights = TestWeights.random(format.type(), ROWS, columns, columns);
                float[] x = TestWeights.activations(columns, 1);
                float[] y = all(product(format, weights), x);
                float[] row = new float[columns];
                for (int r = 0; r < ROWS; r++) {
                    ScalarBlocks.unpack(format.type(), weights.data(), r * weights.rowBytes(), columns, row, 0);
                    double sum = 0;
                    double magnitude = 0;
                    for (int c = 0; c < columns; c++) {
                        sum += (double) row[c] * x[c];
                        magnitude += Math.abs((double) row[c] * x[c]);
                    }
                    assertThat((double) y[r]).as("%s, %d columns", format.type(), columns)
                            .isCloseTo(sum, offset(1e-5 * magnitude + 1e-30));
                }
            }
        }
    }

    @Test
    void anInfinityOrNanReachesItsRowFromAnyColumnAndNoOther() {
        int columns = 301;
        float[] x = TestWeights.activations(columns, 8);
        for (VectorFormat format : formats()) {
            for (float odd : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN}) {
                for (int at : new int[] {0, 255, 287, 288, 300}) {
                    Tensor weights = TestWeights.random(format.type(), ROWS, columns, 9);
                    float[] wanted = all(product(format, weights), x);
                    wanted[1] = odd * x[at];
                    MemorySegment data = Arena.ofAuto().allocate(weights.data().byteSize(), 64).copyFrom(weights.data());
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * (columns + at), bits(format.type(), odd));
                    RowProduct product = product(format, new Tensor("odd", format.type(), ROWS, columns, data));
                    for (int time = 0; time < 2; time++) { // the second time it is known
                        assertThat(all(product, x)).as("%s in column %d", odd, at).isEqualTo(wanted);
                    }
                }
            }
        }
    }
}
