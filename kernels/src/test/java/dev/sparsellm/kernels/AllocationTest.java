package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.sparsellm.spi.TensorType;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Vectors that C2 cannot keep in registers are allocated, at a tenth of the speed. */
class AllocationTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Kernels kernels = KernelChoice.ofThisJvm().kernels();

    static Stream<TensorType> types() {
        return TestWeights.TYPES.stream();
    }

    @ParameterizedTest
    @MethodSource("types")
    void products_allocate_nothing_once_compiled(TensorType type) {
        int columns = 2048;
        int rows = 32;
        RowProduct product = kernels.rows(TestWeights.random(type, rows, columns, 1));
        Scratch scratch = new Scratch();
        float[] x = TestWeights.activations(8 * columns, 2);
        float[] y = new float[8 * rows];
        int[] indices = {1, 2, 5, 9, 14, 20, 27};
        assertSoonAllocatesNothing(() -> product.multiply(x, 1, y, rows, 0, rows, scratch));
        assertSoonAllocatesNothing(() -> product.multiply(x, 7, y, rows, 0, rows, scratch));
        assertSoonAllocatesNothing(() -> product.multiplyRows(x, 0, y, 0, indices, 0, 7, scratch));
    }

    @Test
    void operations_on_arrays_allocate_nothing_once_compiled() {
        float[] x = TestWeights.activations(2048, 1);
        float[] y = TestWeights.activations(2048, 2);
        assertSoonAllocatesNothing(() -> y[0] = kernels.dot(x, 0, y, 0, 2048));
        assertSoonAllocatesNothing(() -> kernels.addScaled(0.01f, x, 0, y, 0, 2048));
        assertSoonAllocatesNothing(() -> kernels.add(x, 0, y, 0, 2048));
        assertSoonAllocatesNothing(() -> kernels.rmsNorm(x, 0, x, 1e-5f, y, 0, 2048));
        assertSoonAllocatesNothing(() -> kernels.silu(y, 0, 2048));
        assertSoonAllocatesNothing(() -> kernels.multiply(y, x, 0, 2048));
        assertSoonAllocatesNothing(() -> kernels.softmax(y, 0, 2048));
    }

    private static void assertSoonAllocatesNothing(Runnable call) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long end = System.nanoTime() + PATIENCE.toNanos();
        long perCall;
        do {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100; i++) {
                call.run();
            }
            perCall = (threads.getCurrentThreadAllocatedBytes() - before) / 100;
        } while (perCall > 16 && System.nanoTime() < end);
        assertThat(perCall).as("bytes per call").isLessThanOrEqualTo(16);
    }
}
