package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.EveryWidth;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows of F16 by their bits, whether or not that is what this machine is the fastest at, against rows converted. */
@EveryWidth
class F16WaysTest {

    private static final int ROWS = 23;
    private static final int CONVERTED = 0;
    private static final int BY_BITS = 1;

    private final Scratch scratch = new Scratch();

    @BeforeEach
    void requireVectors() {
        assumeTrue(KernelChoice.ofThisJvm().kernels() != KernelChoice.SCALAR, "scalar code has one way");
    }

    private static RowProduct product(Tensor weights, int way) {
        WayTrial trial = new WayTrial(2);
        for (int i = 0; i < 2; i++) {
            for (int sample = 0; sample < 2 * WayTrial.SAMPLES; sample++) {
                trial.took(i, 1 << 20, i == way ? 1 << 14 : 1 << 15);
            }
        }
        assertThat(trial.settled()).isEqualTo(way);
        return new VectorRowProduct(new VectorF16(), weights, trial);
    }

    private static Tensor tensor(short[] bits, int rows, int columns) {
        MemorySegment data = Arena.ofAuto().allocate(2L * rows * columns, 64);
        MemorySegment.copy(bits, 0, data, ValueLayout.JAVA_SHORT_UNALIGNED, 0, bits.length);
        return new Tensor("test.F16", TensorType.F16, rows, columns, data);
    }

    private float[] all(RowProduct product, float[] x) {
        float[] y = new float[product.rows()];
        product.multiply(SingleInput.of(x, 0), y, 0, 0, product.rows(), scratch);
        return y;
    }

    @Test
    void bothHaveTheSameBits() {
        for (int columns : new int[] {1, 15, 16, 17, 64, 172, 257, 2049, 4096}) {
            Tensor weights = TestWeights.random(TensorType.F16, ROWS, columns, columns);
            float[] x = TestWeights.activations(columns, 1);
            assertThat(all(product(weights, BY_BITS), x)).as("%d columns", columns).isEqualTo(all(product(weights, CONVERTED), x));
        }
    }

    @Test
    void listedRowsHaveThemToo() {
        int columns = 333;
        Tensor weights = TestWeights.random(TensorType.F16, ROWS, columns, 1);
        float[] x = TestWeights.activations(columns, 2);
        float[] wanted = all(product(weights, CONVERTED), x);
        for (Reading reading : Reading.values()) {
            for (int[] list : new int[][] {{3}, {0, 22}, {0, 1, 2, 5, 7, 11, 12, 13}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20}}) {
                float[] y = new float[ROWS];
                product(weights, BY_BITS).multiplyRows(SingleInput.of(x, 0), y, 0, list, 0, list.length, reading, scratch);
                float[] listed = new float[ROWS];
                Arrays.stream(list).forEach(r -> listed[r] = wanted[r]);
                assertThat(y).as("%s, rows %s", reading, Arrays.toString(list)).isEqualTo(listed);
            }
        }
    }

    /** Denormals, infinities and NaN among them. */
    @Test
    void everyF16IsTheSameNumber() {
        int rows = 1 << 12;
        short[] bits = new short[1 << 16];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) (i >> 4 | i << 12); // in a row, numbers of one size with those of others
        }
        Tensor weights = tensor(bits, rows, 16);
        for (float x : new float[] {1, -0.1f, 3e-39f, 1e30f, 1e35f}) {
            float[] sixteen = new float[16];
            Arrays.fill(sixteen, x);
            assertThat(all(product(weights, BY_BITS), sixteen)).as("x %s", x).isEqualTo(all(product(weights, CONVERTED), sixteen));
        }
    }

    @Test
    void anInfinityOrNanReachesItsRowFromAnyColumnAndNoOther() {
        int columns = 301;
        float[] x = TestWeights.activations(columns, 8);
        for (float odd : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN}) {
            for (int at : new int[] {0, 255, 287, 288, 300}) {
                Tensor weights = TestWeights.random(TensorType.F16, ROWS, columns, 9);
                float[] wanted = all(product(weights, BY_BITS), x);
                wanted[1] = odd * x[at];
                MemorySegment data = Arena.ofAuto().allocate(weights.data().byteSize(), 64).copyFrom(weights.data());
                data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * (columns + at), Float.floatToFloat16(odd));
                RowProduct product = product(new Tensor("odd", TensorType.F16, ROWS, columns, data), BY_BITS);
                for (int time = 0; time < 2; time++) { // the second time it is known
                    assertThat(all(product, x)).as("%s in column %d", odd, at).isEqualTo(wanted);
                }
                for (Reading reading : Reading.values()) {
                    float[] y = new float[ROWS];
                    product.multiplyRows(SingleInput.of(x, 0), y, 0, new int[] {0, 1, 2}, 0, 3, reading, scratch);
                    assertThat(Arrays.copyOf(y, 3)).as("%s", reading).isEqualTo(Arrays.copyOf(wanted, 3));
                }
            }
        }
    }
}
