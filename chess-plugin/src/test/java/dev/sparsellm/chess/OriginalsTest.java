package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.ResidentPages;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class OriginalsTest {

    private static final int ROWS = 1024;
    private static final int COLUMNS = 1024;
    private static final long KIB = (long) ROWS * COLUMNS * Float.BYTES / 1024;

    @TempDir
    Path folder;

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/self/smaps")
    void a_matrix_is_given_back_after_a_prompt_and_kept_while_writing() throws IOException {
        Path file = Files.write(folder.resolve("weights"), new byte[(int) KIB * 1024]);
        try (Arena arena = Arena.ofShared(); FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            Tensor weights = new Tensor("w", TensorType.F32, ROWS, COLUMNS, data);
            float[] y = new float[1];
            var projection = Originals.releasingAll((pass, x, out) -> out[0] = sum(weights), weights);
            var block = Originals.releasingDown((pass, x, out) -> out[0] = sum(weights), weights);
            projection.apply(new Pass(Phase.DECODE, 0, 1), y, y);
            assertThat(ResidentPages.of(file)).isGreaterThan(KIB * 9 / 10);
            projection.apply(new Pass(Phase.PREFILL, 0, 1), y, y);
            assertThat(ResidentPages.of(file)).isZero();
            block.apply(new Pass(Phase.DECODE, 0, 1), y, y);
            assertThat(ResidentPages.of(file)).isGreaterThan(KIB * 9 / 10);
            block.apply(new Pass(Phase.PREFILL, 0, 1), y, y);
            assertThat(ResidentPages.of(file)).isZero();
            assertThat(sum(weights)).isZero(); // still there
        }
    }

    @Test
    void a_matrix_that_is_no_mapping_stays() {
        MemorySegment data = MemorySegment.ofArray(new float[] {1});
        Originals.release(data);
        assertThat(data.get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(1);
    }

    private static float sum(Tensor weights) {
        float sum = 0;
        for (long at = 0; at < weights.data().byteSize(); at += 512) {
            sum += weights.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
        }
        return sum;
    }
}
