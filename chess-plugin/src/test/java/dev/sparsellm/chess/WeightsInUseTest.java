package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.repack.RepackCache;
import dev.sparsellm.kernels.repack.RepackedWeights;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsInUseTest {

    @TempDir
    Path folder;

    private final Tensor first = tensor("first");
    private final Tensor second = tensor("second");
    private final WeightsInUse inUse = new WeightsInUse();
    private int opened;

    private static Tensor tensor(String name) {
        return new Tensor(name, TensorType.F32, 32, 32, MemorySegment.ofArray(new float[32 * 32]));
    }

    private WeightsInUse.Lease take(String model, Tensor... tensors) {
        return inUse.take(folder, model, List.of(tensors), () -> {
            opened++;
            return new RepackCache(folder, new Threads(1), ProgressSink.NONE, notice -> {})
                    .open(model, List.of(tensors));
        });
    }

    private static byte firstByte(RepackedWeights weights, Tensor tensor) {
        return weights.of(tensor).data().get(ValueLayout.JAVA_BYTE, 0);
    }

    @Test
    void who_asks_for_the_same_or_for_fewer_shares_what_is_open() {
        WeightsInUse.Lease both = take("m", first, second);
        WeightsInUse.Lease one = take("m", second);
        assertThat(one.weights()).isSameAs(both.weights());
        assertThat(opened).isEqualTo(1);
        both.giveBack().run();
        assertThat(firstByte(one.weights(), second)).isZero(); // still open
        one.giveBack().run();
        assertThatThrownBy(() -> firstByte(one.weights(), second))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void other_models_and_tensors_that_are_missing_are_opened() {
        WeightsInUse.Lease one = take("m", first);
        WeightsInUse.Lease more = take("m", first, second);
        WeightsInUse.Lease other = take("n", first);
        assertThat(opened).isEqualTo(3);
        assertThat(more.weights()).isNotSameAs(one.weights());
        List.of(one, more, other).forEach(lease -> lease.giveBack().run());
    }

    @Test
    void what_was_given_back_by_all_is_opened_anew() {
        take("m", first).giveBack().run();
        WeightsInUse.Lease again = take("m", first);
        assertThat(opened).isEqualTo(2);
        assertThat(firstByte(again.weights(), first)).isZero();
        again.giveBack().run();
    }
}
