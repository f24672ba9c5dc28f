package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.EveryWidth;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@EveryWidth
class DequantizationTest {

    private final Kernels kernels = KernelChoice.ofThisJvm().kernels();

    static Stream<TensorType> types() {
        return TestWeights.TYPES.stream();
    }

    /** Checksums of what the GGUF package of ggml, gguf.quants.dequantize, makes of the same 64 blocks. */
    @ParameterizedTest
    @CsvSource({
        "Q4_0, 5b35fcd6",
        "Q4_1, 42d92ffa",
        "Q5_0, af4608c3",
        "Q5_1, e68b6a6f",
        "Q8_0, 75b6132c",
        "Q2_K, e05e4d37",
        "Q3_K, cf4c548a",
        "Q4_K, 371a08ac",
        "Q5_K, fb19096e",
        "Q6_K, 0ef49a8a"
    })
    void blocks_mean_what_they_mean_to_ggml(TensorType type, String checksum) {
        int columns = 64 * type.blockSize();
        Tensor weights = TestWeights.random(type, 1, columns, 7);
        for (Kernels k : new Kernels[] {KernelChoice.SCALAR, kernels}) {
            float[] row = new float[columns];
            k.dequantize(weights, 0, row, 0);
            ByteBuffer bytes = ByteBuffer.allocate(4 * columns).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(row);
            CRC32 crc = new CRC32();
            crc.update(bytes.array());
            assertThat(Long.toHexString(crc.getValue())).as(k.name()).isEqualTo(checksum.replaceFirst("^0", ""));
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void any_bits_unpack_to_the_bits_of_scalar_code(TensorType type) {
        for (int blocks : new int[] {1, 2, 3, 7, 64, 1000}) {
            int columns = blocks * type.blockSize();
            Tensor weights = TestWeights.anyBits(type, 3, columns, blocks);
            for (int row = 0; row < 3; row++) {
                float[] expected = new float[columns];
                KernelChoice.SCALAR.dequantize(weights, row, expected, 0);
                float[] actual = new float[columns + 7];
                Arrays.fill(actual, 123);
                kernels.dequantize(weights, row, actual, 3);
                assertThat(bits(Arrays.copyOfRange(actual, 3, 3 + columns)))
                        .as("%s, %d blocks", type, blocks)
                        .isEqualTo(bits(expected));
                for (int i : new int[] {0, 1, 2, columns + 3, columns + 6}) {
                    assertThat(actual[i]).isEqualTo(123);
                }
            }
        }
    }

    /** Equal for all NaN. */
    private static int[] bits(float[] a) {
        return IntStream.range(0, a.length).map(i -> Float.floatToIntBits(a[i])).toArray();
    }

    /** All 65536, in particular denormals, infinities and NaN, which other runtimes flush or garble in vector code. */
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void every_number_of_16_bits_is_exact(TensorType type) {
        MemorySegment data = Arena.ofAuto().allocate(1 << 17, 64);
        for (int bits = 0; bits < 1 << 16; bits++) {
            data.set(ScalarBlocks.SHORT, 2L * bits, (short) bits);
        }
        float[] row = new float[1 << 16];
        kernels.dequantize(new Tensor("all", type, 1, 1 << 16, data), 0, row, 0);
        float[] expected = new float[1 << 16];
        for (int bits = 0; bits < 1 << 16; bits++) {
            expected[bits] = (float) (type == TensorType.F16 ? value(bits, 5, 10) : value(bits, 8, 7));
        }
        assertThat(bits(row)).isEqualTo(bits(expected));
    }

    /** IEEE 754 by the book. */
    private static double value(int bits, int exponentBits, int mantissaBits) {
        int bias = (1 << exponentBits - 1) - 1;
        int exponent = bits >> mantissaBits & (1 << exponentBits) - 1;
        double mantissa = (bits & (1 << mantissaBits) - 1) * Math.scalb(1.0, -mantissaBits);
        double sign = bits >> 15 == 0 ? 1 : -1;
        if (exponent == (1 << exponentBits) - 1) {
            return mantissa == 0 ? sign / 0.0 : Double.NaN;
        }
        return exponent == 0
                ? sign * Math.scalb(mantissa, 1 - bias)
                : sign * Math.scalb(1 + mantissa, exponent - bias);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 3})
    void a_row_that_is_not_there_is_refused_by_the_name_of_the_tensor(int row) {
        Tensor weights = TestWeights.random(TensorType.F32, 3, 8, 1);
        assertThatThrownBy(() -> kernels.dequantize(weights, row, new float[8], 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("test.F32");
    }

    @ParameterizedTest
    @EnumSource(names = {"I32", "I64", "F64"})
    void types_that_are_not_weights_are_refused_by_name(TensorType type) {
        Tensor tensor = new Tensor("odd", type, 1, 4, Arena.ofAuto().allocate(type.rowBytes(4), 8));
        assertThatThrownBy(() -> kernels.rows(tensor))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("odd")
                .hasMessageContaining(type.name());
        assertThatThrownBy(() -> kernels.dequantize(tensor, 0, new float[4], 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
