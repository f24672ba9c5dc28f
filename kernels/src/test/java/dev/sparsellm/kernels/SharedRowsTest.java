package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SharedRowsTest {

    private final SharedRows rows = new SharedRows(KernelChoice.ofThisJvm().kernels());

    private static Tensor tensor(TensorType type, MemorySegment data) {
        return new Tensor("w", type, 2, 64, data);
    }

    @Test
    void all_threads_get_one_product_of_a_matrix() {
        MemorySegment weights = Arena.ofAuto().allocate(2 * TensorType.F16.rowBytes(64), 64);
        assertThat(IntStream.range(0, 1000).parallel()
                        .mapToObj(i -> rows.of(tensor(TensorType.F16, weights)))
                        .distinct())
                .hasSize(1);
    }

    @Test
    void matrices_of_one_name_at_different_places_have_products_of_their_own() {
        long bytes = 2 * TensorType.F16.rowBytes(64);
        MemorySegment both = Arena.ofAuto().allocate(2 * bytes, 64);
        assertThat(rows.of(tensor(TensorType.F16, both.asSlice(0, bytes))))
                .isNotSameAs(rows.of(tensor(TensorType.F16, both.asSlice(bytes, bytes))));
    }

    @Test
    void a_type_without_a_kernel_is_refused_each_time() {
        Tensor whole = tensor(TensorType.I32, Arena.ofAuto().allocate(2 * TensorType.I32.rowBytes(64), 64));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> rows.of(whole)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("I32");
        }
    }
}
