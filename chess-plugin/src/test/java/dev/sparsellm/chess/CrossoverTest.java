package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrossoverTest {

    private static final double[] SHARES = {0.2, 0.4, 0.6};

    @TempDir
    Path folder;

    @Test
    void itLiesWhereTheLineBetweenTwoMeasurementsReachesTheGain() {
        assertThat(Crossover.of(SHARES, new double[] {0.85, 0.95, 1.15})).isCloseTo(0.5, within(1e-9));
        assertThat(Crossover.of(SHARES, new double[] {1.00, 1.15, 1.4})).isCloseTo(0.2 + 0.2 / 3, within(1e-9));
    }

    @Test
    void aGainThatIsLostAgainDoesNotCount() {
        assertThat(Crossover.of(SHARES, new double[] {1.1, 0.95, 1.15})).isCloseTo(0.5, within(1e-9));
    }

    @Test
    void allMayGainAndNone() {
        assertThat(Crossover.of(SHARES, new double[] {1.3, 1.5, 1.7})).isZero();
        assertThat(Crossover.of(SHARES, new double[] {1.1, 1.2, 1.0})).isEqualTo(1);
    }

    @Test
    void belowTheLeastShareMeasuredItLiesOnTheSameLine() {
        assertThat(Crossover.of(SHARES, new double[] {1.1, 1.2, 1.3})).isCloseTo(0.1, within(1e-9));
        assertThat(Crossover.of(SHARES, new double[] {1.1, 1.05, 1.3})).isEqualTo(0.2);
    }

    @Test
    void whatWasMeasuredIsFoundAgainForTheSameKernelsAndKindOnly() {
        Crossovers crossovers = new Crossovers(folder.resolve("new"));
        assertThat(crossovers.find("vector-512", "projection Q8_0 64x64")).isEmpty();
        crossovers.keep("vector-512", "projection Q8_0 64x64", 0.25);
        crossovers.keep("vector-512", "projection Q8_0 64x96", 1);
        Crossovers again = new Crossovers(folder.resolve("new"));
        assertThat(again.find("vector-512", "projection Q8_0 64x64")).hasValue(0.25);
        assertThat(again.find("vector-512", "projection Q8_0 64x96")).hasValue(1);
        assertThat(again.find("scalar", "projection Q8_0 64x64")).isEmpty();
    }

    @Test
    void aDamagedFileIsMeasuredAgainAndReplaced() throws IOException {
        Crossovers crossovers = new Crossovers(folder);
        crossovers.keep("scalar", "x", 0.5);
        Path file;
        try (var files = Files.list(folder)) {
            file = files.findFirst().orElseThrow();
        }
        for (byte[] content : new byte[][] {{(byte) 0xff, 0, 1}, "a=\\u00".getBytes(), "scalar=1".getBytes()}) {
            Files.write(file, content);
            assertThat(crossovers.find("scalar", "x")).isEmpty();
        }
        crossovers.keep("scalar", "x", 0.25);
        assertThat(crossovers.find("scalar", "x")).hasValue(0.25);
    }

    @Test
    void aFolderThatCannotBeWrittenKeepsNothing() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        Crossovers crossovers = new Crossovers(file.resolve("below"));
        crossovers.keep("scalar", "x", 0.5);
        assertThat(crossovers.find("scalar", "x")).isEmpty();
    }

    @Test
    void measuringGivesAShare() {
        SmallLlama model = SmallLlama.random(TensorType.Q8_0, 1, 64, 256, 2, 2, 5);
        Kernels kernels = KernelChoice.ofThisJvm().kernels();
        try (Threads threads = new Threads(2)) {
            CrossoverMeter meter =
                    new CrossoverMeter(model.description(), new TestDense(model.description()), kernels, threads);
            for (OperatorKind kind : List.of(OperatorKind.FEED_FORWARD, OperatorKind.ATTENTION_OUTPUT)) {
                OperatorKey key = new OperatorKey(kind, 0);
                Tensor weights = Site.of(kind).orElseThrow().weights(model.description().layers().getFirst());
                ChannelMajor repacked =
                        ChannelMajor.repack(weights, Arena.ofAuto().allocate(ChannelMajor.byteSize(weights), 64));
                assertThat(meter.measure(List.of(new CrossoverMeter.Candidate(key, kernels.channels(repacked)))))
                        .isBetween(0.0, 1.0);
            }
        }
    }
}
