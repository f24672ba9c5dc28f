package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.testing.EveryWidth;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EveryWidth
class VectorOperationsTest {

    private static final float SENTINEL = 12345;

    private final Kernels kernels = KernelChoice.ofThisJvm().kernels();

    @Test
    void this_test_run_has_the_kernels_it_was_meant_for() {
        KernelChoice choice = KernelChoice.ofThisJvm();
        assertThat(choice.warning()).isEmpty();
        String bits = System.getProperty("sparsellm.vectorBits", "512");
        if (bits.equals("0")) {
            assertThat(choice.kernels().name()).isEqualTo("scalar");
            assertThat(choice.kernels().vectorBits()).isEqualTo(32);
        } else {
            assertThat(choice.kernels().name()).isEqualTo("vector-" + choice.kernels().vectorBits());
            assertThat(choice.kernels().vectorBits()).isBetween(128, Integer.parseInt(bits));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 15, 16, 17, 31, 63, 64, 65, 127, 2049})
    void dot_agrees_with_double_precision(int n) {
        float[] a = TestWeights.activations(n + 3, 1);
        float[] b = TestWeights.activations(n + 5, 2);
        double exact = 0;
        double magnitude = 0;
        for (int i = 0; i < n; i++) {
            exact += (double) a[3 + i] * b[5 + i];
            magnitude += Math.abs((double) a[3 + i] * b[5 + i]);
        }
        for (Kernels k : new Kernels[] {KernelChoice.SCALAR, kernels}) {
            assertThat((double) k.dot(a, 3, b, 5, n)).isCloseTo(exact, within(1e-6 * magnitude));
        }
    }

    /** Rows of an attention head, one after another and apart from each other. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 33, 64, 80, 128, 171})
    void products_with_rows_agree_with_double_precision_and_touch_their_range_only(int n) {
        for (int count : new int[] {0, 1, 3, 4, 11}) {
            for (int stride : new int[] {n, n + 5}) {
                float[] x = TestWeights.activations(n + 3, 1);
                float[] rows = TestWeights.activations(count * stride + 2, 2);
                float[] factors = TestWeights.activations(count + 1, 3);
                float[] original = TestWeights.activations(n + 20, 4);
                for (Kernels k : new Kernels[] {KernelChoice.SCALAR, kernels}) {
                    float[] out = original.clone();
                    k.dots(0.5f, x, 3, rows, 2, stride, count, out, 4, n);
                    for (int r = 0; r < out.length; r++) {
                        if (r < 4 || r >= 4 + count) {
                            assertThat(out[r]).isEqualTo(original[r]);
                            continue;
                        }
                        double exact = 0;
                        for (int i = 0; i < n; i++) {
                            exact += 0.5 * x[3 + i] * rows[2 + (r - 4) * stride + i];
                        }
                        assertThat((double) out[r]).isCloseTo(exact, within(1e-5));
                    }

                    float[] y = original.clone();
                    k.addRows(factors, 1, rows, 2, stride, count, y, 4, n);
                    for (int i = 0; i < y.length; i++) {
                        if (i < 4 || i >= 4 + n) {
                            assertThat(y[i]).isEqualTo(original[i]);
                            continue;
                        }
                        double exact = original[i];
                        for (int r = 0; r < count; r++) {
                            exact += (double) factors[1 + r] * rows[2 + r * stride + i - 4];
                        }
                        assertThat((double) y[i]).isCloseTo(exact, within(1e-5));
                    }
                }
            }
        }
    }

    @Test
    void what_a_row_comes_to_does_not_depend_on_how_many_there_are() {
        float[] x = TestWeights.activations(75, 1);
        float[] rows = TestWeights.activations(9 * 75, 2);
        for (Kernels k : new Kernels[] {KernelChoice.SCALAR, kernels}) {
            float[] all = new float[9];
            k.dots(0.3f, x, 0, rows, 0, 75, 9, all, 0, 75);
            for (int r = 0; r < 9; r++) {
                float[] one = new float[1];
                k.dots(0.3f, x, 0, rows, r * 75, 75, 1, one, 0, 75);
                assertThat(one[0]).isEqualTo(all[r]);
            }
        }
    }

    @Test
    void rows_of_a_square_become_columns() {
        int lanes = VectorWidth.LANES;
        int stride = lanes + 3;
        float[] in = TestWeights.activations(lanes * stride + 5, 1);
        float[] work = new float[VectorTranspose.WORK];
        int at = VectorTranspose.square(in, 2, stride, work);
        for (int row = 0; row < lanes; row++) {
            for (int column = 0; column < lanes; column++) {
                assertThat(work[at + column * lanes + row]).isEqualTo(in[2 + row * stride + column]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 16, 33, 64, 171})
    void sums_and_products_of_arrays_touch_their_range_only(int n) {
        for (Kernels k : new Kernels[] {KernelChoice.SCALAR, kernels}) {
            float[] x = TestWeights.activations(n + 3, 3);
            float[] original = TestWeights.activations(n + 7, 4);

            float[] y = original.clone();
            k.add(x, 3, y, 2, n);
            for (int i = 0; i < y.length; i++) {
                assertThat(y[i]).isEqualTo(i >= 2 && i < 2 + n ? original[i] + x[i + 1] : original[i]);
            }

            y = original.clone();
            float[] factor = TestWeights.activations(n + 7, 5);
            k.multiply(y, factor, 2, 2 + n);
            for (int i = 0; i < y.length; i++) {
                assertThat(y[i]).isEqualTo(i >= 2 && i < 2 + n ? original[i] * factor[i] : original[i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16, 64, 172, 2049})
    void rms_norm_agrees_with_double_precision(int n) {
        float[] x = TestWeights.activations(n + 2, 6);
        float[] weight = TestWeights.activations(n, 7);
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (double) x[2 + i] * x[2 + i];
        }
        double scale = 1 / Math.sqrt(squares / n + 1e-5);
        for (Kernels k : new Kernels[] {KernelChoice.SCALAR, kernels}) {
            float[] y = new float[n + 4];
            Arrays.fill(y, SENTINEL);
            k.rmsNorm(x, 2, weight, 1e-5f, y, 1, n);
            for (int i = 0; i < n; i++) {
                double expected = x[2 + i] * scale * weight[i];
                assertThat((double) y[1 + i]).isCloseTo(expected, within(1e-6 * Math.abs(expected)));
            }
            assertThat(new float[] {y[0], y[n + 1], y[n + 2]}).containsOnly(SENTINEL);
        }
    }

    @Test
    void rms_norm_may_work_in_place() {
        float[] weight = TestWeights.activations(77, 8);
        float[] x = TestWeights.activations(77, 9);
        float[] y = new float[77];
        kernels.rmsNorm(x, 0, weight, 1e-5f, y, 0, 77);
        kernels.rmsNorm(x, 0, weight, 1e-5f, x, 0, 77);
        assertThat(x).isEqualTo(y);
    }

    @Test
    void silu_is_accurate_from_end_to_end() {
        float[] values = new float[20003];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i - 10001) * 0.01f;
        }
        for (Kernels k : new Kernels[] {KernelChoice.SCALAR, kernels}) {
            float[] x = values.clone();
            k.silu(x, 1, x.length - 2);
            assertThat(x[0]).isEqualTo(values[0]);
            assertThat(x[x.length - 2]).isEqualTo(values[x.length - 2]);
            assertThat(x[x.length - 1]).isEqualTo(values[x.length - 1]);
            for (int i = 1; i < x.length - 2; i++) {
                double exact = values[i] / (1 + Math.exp(-values[i]));
                // Below −87, e^−|v| is a denormal: off by one step of those, which v multiplies.
                double tolerance = 5e-7 * Math.abs(exact) + (1 + Math.abs(values[i])) * Float.MIN_VALUE;
                assertThat((double) x[i]).as("silu(%s)", values[i]).isCloseTo(exact, within(tolerance));
            }
        }
    }

    @Test
    void silu_of_infinities_and_nan_is_that_of_scalar_code() {
        float[] odd = new float[48];
        Arrays.fill(odd, 1);
        odd[0] = odd[20] = odd[47] = Float.NaN;
        odd[1] = odd[21] = odd[46] = Float.POSITIVE_INFINITY;
        odd[2] = odd[22] = odd[45] = Float.NEGATIVE_INFINITY;
        odd[3] = odd[23] = odd[44] = -0f;
        odd[4] = Float.MAX_VALUE;
        odd[5] = -Float.MAX_VALUE;
        float[] expected = odd.clone();
        KernelChoice.SCALAR.silu(expected, 0, 48);
        kernels.silu(odd, 0, 48);
        assertThat(odd[0]).isNaN();
        assertThat(odd[1]).isEqualTo(Float.POSITIVE_INFINITY);
        for (int i = 0; i < 48; i++) {
            assertThat(odd[i]).as("at %d", i).isCloseTo(expected[i], within(1e-6f));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 15, 16, 17, 33, 256, 1001})
    void softmax_agrees_with_double_precision(int n) {
        for (float spread : new float[] {1, 30, 200}) {
            float[] original = TestWeights.activations(n + 4, 10);
            for (int i = 0; i < original.length; i++) {
                original[i] *= spread;
            }
            double max = IntStream.range(2, 2 + n).mapToDouble(i -> original[i]).max().orElseThrow();
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += Math.exp(original[2 + i] - max);
            }
            for (Kernels k : new Kernels[] {KernelChoice.SCALAR, kernels}) {
                float[] x = original.clone();
                k.softmax(x, 2, n);
                for (int i = 0; i < n; i++) {
                    // The difference from the maximum is rounded, to 2⁻²⁴ of itself.
                    double exact = Math.exp(original[2 + i] - max) / sum;
                    double tolerance = exact * (1e-6 + 6e-8 * Math.abs(original[2 + i] - max)) + 2e-38;
                    assertThat((double) x[2 + i]).isCloseTo(exact, within(tolerance));
                }
                for (int i : new int[] {0, 1, n + 2, n + 3}) {
                    assertThat(x[i]).isEqualTo(original[i]);
                }
            }
        }
    }

    @Test
    void softmax_of_infinities_and_nan_is_that_of_scalar_code() {
        for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (int at : new int[] {0, 20, 40}) {
                float[] expected = TestWeights.activations(41, 11);
                expected[at] = odd;
                float[] x = expected.clone();
                KernelChoice.SCALAR.softmax(expected, 0, 41);
                kernels.softmax(x, 0, 41);
                for (int i = 0; i < 41; i++) {
                    assertThat(x[i]).as("%s at %d, index %d", odd, at, i).isCloseTo(expected[i], within(1e-6f));
                }
            }
        }
    }

    @Test
    void the_exponential_is_within_two_units_in_the_last_place() {
        if (kernels == KernelChoice.SCALAR) {
            return; // calls Math.exp
        }
        float[] x = new float[40000];
        for (int i = 0; i < x.length; i++) {
            x[i] = -110 + i * (205f / x.length);
        }
        x[0] = Float.NaN;
        x[1] = Float.POSITIVE_INFINITY;
        x[2] = Float.NEGATIVE_INFINITY;
        x[3] = 0;
        x[4] = -0f;
        float[] e = x.clone();
        VectorExp.exp(e, 0, e.length, 0);
        for (int i = 0; i < e.length; i++) {
            float exact = (float) Math.exp(x[i]);
            if (Float.isNaN(exact) || Float.isInfinite(exact)) {
                assertThat(e[i]).as("exp(%s)", x[i]).isEqualTo(Float.valueOf(exact));
            } else {
                assertThat(e[i]).as("exp(%s)", x[i]).isCloseTo(exact, within(2 * Math.ulp(exact)));
            }
        }
    }
}
