package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LargeTensorTest {

    private static final int COLUMNS = 8192;
    private static final int ROWS = 2 * 128 * 1024 * 1024 / COLUMNS * 3; // 768 Mi weights, 3 GiB

    @TempDir
    Path folder;

    /** Rows times row length does not fit 31 bits in tensors of real models. The file is sparse and takes no space. */
    @Test
    void llama3_java_regression_rows_beyond_two_gigabytes_are_reached() throws IOException {
        try (FileChannel file = FileChannel.open(
                        folder.resolve("large"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.SPARSE);
                Arena arena = Arena.ofConfined()) {
            long rowBytes = 4L * COLUMNS;
            ByteBuffer row = ByteBuffer.allocate((int) rowBytes).order(ByteOrder.LITTLE_ENDIAN);
            for (int c = 0; c < COLUMNS; c++) {
                row.putFloat(4 * c, c % 7 - 3);
            }
            file.write(row, (ROWS - 1) * rowBytes);
            MemorySegment data = file.map(FileChannel.MapMode.READ_ONLY, 0, ROWS * rowBytes, arena);
            Tensor tensor = new Tensor("large", TensorType.F32, ROWS, COLUMNS, data);
            float[] x = new float[COLUMNS];
            Arrays.fill(x, 1);
            x[1] = 3;
            for (Kernels kernels : new Kernels[] {KernelChoice.SCALAR, KernelChoice.ofThisJvm().kernels()}) {
                float[] out = new float[COLUMNS];
                kernels.dequantize(tensor, ROWS - 1, out, 0);
                assertThat(out[8]).isEqualTo(-2);
                float[] y = new float[ROWS];
                kernels.rows(tensor).multiply(x, 1, y, ROWS, ROWS - 3, ROWS, new Scratch());
                float sum = 0;
                for (int c = 0; c < COLUMNS; c++) {
                    sum += (c % 7 - 3) * x[c];
                }
                assertThat(y[ROWS - 1]).isEqualTo(sum);
                assertThat(y[ROWS - 2]).isZero();
            }
        }
    }
}
