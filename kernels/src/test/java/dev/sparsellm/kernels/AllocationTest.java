package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Vectors that C2 cannot keep in registers are allocated, at a tenth of the speed. */
class AllocationTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private final Kernels kernels = KernelChoice.ofThisJvm().kernels();

    static Stream<TensorType> types() {
        return TestWeights.TYPES.stream();
    }

    /** On native memory and file mappings in turn: two kinds of segment take C2 twice the code of one. */
    @ParameterizedTest
    @MethodSource("types")
    void products_allocate_nothing_once_compiled(TensorType type) throws IOException {
        int columns = 2048;
        int rows = 32;
        Tensor weights = TestWeights.random(type, rows, columns, 1);
        RowProduct product = kernels.rows(weights);
        RowProduct mapped = kernels.rows(new Tensor("mapped", type, rows, columns, map(weights.data())));
        Scratch scratch = new Scratch();
        float[] x = TestWeights.activations(20 * columns, 2);
        float[] y = new float[20 * rows];
        SingleInput single = SingleInput.of(x, 0);
        int[] indices = {1, 2, 5, 9, 14, 20, 27};
        for (RowProduct p : new RowProduct[] {mapped, product, mapped}) {
            assertSoonAllocatesNothing(() -> p.multiply(x, 1, y, rows, 0, rows, scratch));
            assertSoonAllocatesNothing(() -> p.multiply(x, 3, y, rows, 0, rows, scratch));
            assertSoonAllocatesNothing(() -> p.multiply(x, 7, y, rows, 0, rows, scratch));
            assertSoonAllocatesNothing(() -> p.multiply(x, 20, y, rows, 0, rows, scratch));
            assertSoonAllocatesNothing(() -> p.multiplyRows(single, y, 0, indices, 0, 7, Reading.MANY_LINES, scratch));
        }
    }

    private MemorySegment map(MemorySegment data) throws IOException {
        Path file = Files.createTempFile(folder, "weights", ".bin");
        Files.write(file, data.toArray(ValueLayout.JAVA_BYTE));
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, data.byteSize(), Arena.ofAuto());
        }
    }

    @Test
    void operations_on_arrays_allocate_nothing_once_compiled() {
        float[] x = TestWeights.activations(2048, 1);
        float[] y = TestWeights.activations(2048, 2);
        assertSoonAllocatesNothing(() -> y[0] = kernels.dot(x, 0, y, 0, 2048));
        assertSoonAllocatesNothing(() -> kernels.dots(0.01f, x, 0, x, 0, 80, 22, y, 0, 80));
        assertSoonAllocatesNothing(() -> kernels.addRows(x, 0, x, 0, 90, 22, y, 0, 90));
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
