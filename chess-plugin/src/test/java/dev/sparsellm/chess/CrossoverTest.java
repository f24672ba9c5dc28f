package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.Reading;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrossoverTest {

    private static final double[] SHARES = {0.2, 0.4, 0.6};

    @TempDir
    Path folder;

    @Test
    void itLiesWhereTheLineBetweenTwoMeasurementsReachesTheGain() {
        assertThat(Crossover.share(SHARES, new double[] {0.85, 0.95, 1.15})).isCloseTo(0.5, within(1e-9));
        assertThat(Crossover.share(SHARES, new double[] {1.00, 1.15, 1.4})).isCloseTo(0.2 + 0.2 / 3, within(1e-9));
    }

    @Test
    void aGainThatIsLostAgainDoesNotCount() {
        assertThat(Crossover.share(SHARES, new double[] {1.1, 0.95, 1.15})).isCloseTo(0.5, within(1e-9));
    }

    @Test
    void allMayGainAndNone() {
        assertThat(Crossover.share(SHARES, new double[] {1.3, 1.5, 1.7})).isEqualTo(0.2);
        assertThat(Crossover.share(SHARES, new double[] {1.1, 1.2, 1.0})).isEqualTo(1);
    }

    @Test
    void whatIsBelowTheLeastShareMeasuredIsNotGuessed() {
        assertThat(Crossover.share(SHARES, new double[] {1.1, 1.2, 1.3})).isEqualTo(0.2);
        assertThat(Crossover.share(SHARES, new double[] {1.1, 1.05, 1.3})).isEqualTo(0.2);
        assertThat(Crossover.share(SHARES, new double[] {1.2, 1.2, 1.3})).isEqualTo(0.2);
    }

    @Test
    void theReadingThatGainsMoreIsTaken() {
        double[] less = {1.0, 1.15, 1.4};
        double[] more = {1.1, 1.1, 1.4};
        assertThat(Crossover.of(SHARES, Map.of(Reading.FEW_LINES, less, Reading.MANY_LINES, more)))
                .isEqualTo(new Crossover(0.2, Reading.MANY_LINES));
        assertThat(Crossover.of(SHARES, Map.of(Reading.FEW_LINES, more, Reading.MANY_LINES, less)))
                .isEqualTo(new Crossover(0.2, Reading.FEW_LINES));
    }

    @Test
    void whatWasMeasuredIsFoundAgainForTheSameKernelsAndKindOnly() {
        Crossovers crossovers = new Crossovers(folder.resolve("new"));
        assertThat(crossovers.find("vector-512", "projection Q8_0 64x64")).isEmpty();
        crossovers.keep("vector-512", "projection Q8_0 64x64", Crossover.at(0.25));
        crossovers.keep("vector-512", "projection Q8_0 64x96", Crossover.at(1));
        Crossovers again = new Crossovers(folder.resolve("new"));
        assertThat(again.find("vector-512", "projection Q8_0 64x64")).hasValue(Crossover.at(0.25));
        assertThat(again.find("vector-512", "projection Q8_0 64x96")).hasValue(Crossover.at(1));
        assertThat(again.find("scalar", "projection Q8_0 64x64")).isEmpty();
    }

    @Test
    void aDamagedFileIsMeasuredAgainAndReplaced() throws IOException {
        Crossovers crossovers = new Crossovers(folder);
        crossovers.keep("scalar", "x", Crossover.at(0.5));
        Path file;
        try (var files = Files.list(folder)) {
            file = files.findFirst().orElseThrow();
        }
        for (byte[] content : new byte[][] {{(byte) 0xff, 0, 1}, "a=\\u00".getBytes(), "scalar=1".getBytes()}) {
            Files.write(file, content);
            assertThat(crossovers.find("scalar", "x")).isEmpty();
        }
        crossovers.keep("scalar", "x", Crossover.at(0.25));
        assertThat(crossovers.find("scalar", "x")).hasValue(Crossover.at(0.25));
    }

    @Test
    void theReadingIsFoundAgainAndWhatIsNoReadingIsNot() throws IOException {
        Crossovers crossovers = new Crossovers(folder);
        for (Reading reading : Reading.values()) {
            crossovers.keep("scalar", "x", new Crossover(0.5, reading));
            assertThat(crossovers.find("scalar", "x")).hasValue(new Crossover(0.5, reading));
            try (Stream<Path> files = Files.list(folder)) {
                Path file = files.findFirst().orElseThrow();
                Files.writeString(file, Files.readString(file).replace(reading.name(), "ALL_PAGES"));
            }
            assertThat(crossovers.find("scalar", "x")).isEmpty();
        }
    }

    @Test
    void aFolderThatCannotBeWrittenKeepsNothing() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        Crossovers crossovers = new Crossovers(file.resolve("below"));
        crossovers.keep("scalar", "x", Crossover.at(0.5));
        assertThat(crossovers.find("scalar", "x")).isEmpty();
    }

    @Test
    void aShareOfNothingIsFoundAgainAndWhatIsNoShareIsNot() {
        Crossovers crossovers = new Crossovers(folder);
        for (double share : new double[] {0, 0.001, 1}) {
            crossovers.keep("scalar", "x", Crossover.at(share));
            assertThat(crossovers.find("scalar", "x")).hasValue(Crossover.at(share));
        }
        for (double share : new double[] {-0.001, 1.001, Double.NaN}) {
            crossovers.keep("scalar", "x", Crossover.at(share));
            assertThat(crossovers.find("scalar", "x")).isEmpty();
        }
    }

    @Test
    void aKindOfOperatorIsItsWeightsTypesAndShapes() {
        ModelDescription model = SmallLlama.random(TensorType.Q8_0, 1, 64, 256, 2, 1, 5).description();
        LayerWeights w = model.layers().getFirst();
        RandomWeights random = new RandomWeights(1);
        LayerWeights mixed = new LayerWeights(w.query(), w.key(), w.value(), w.attentionOutput(), w.gate(),
                random.tensor("up", TensorType.Q4_0, 256, 64), random.tensor("down", TensorType.F16, 64, 256));
        assertThat(Crossover.kindOf(new OperatorKey(OperatorKind.FEED_FORWARD, 0), mixed))
                .isEqualTo("feed-forward Q8_0 256x64 Q4_0 F16");
        assertThat(Crossover.kindOf(new OperatorKey(OperatorKind.ATTENTION_QUERY, 0), mixed))
                .isEqualTo("projection Q8_0 64x64");
        long block = 256 * 64;
        assertThat(Site.FEED_FORWARD.bytes(mixed)).isEqualTo(block * 34 / 32 + block * 18 / 32 + block * 2);
        assertThat(Site.OUTPUT.bytes(mixed)).isEqualTo(64 * 64 * 34 / 32);
    }

    /** Weights are a file with nothing in it: nobody reads them. */
    @Test
    void whatFitsIntoACacheIsNotMeasured() throws IOException {
        Path file = folder.resolve("weights");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined();
                Threads threads = new Threads(1)) {
            channel.write(ByteBuffer.allocate(1), (32L << 20) - 1);
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, 32L << 20, arena);
            ModelDescription model = SmallLlama.random(TensorType.F32, 2, 32, 32, 2, 2, 5).description();
            LayerWeights w = model.layers().getFirst();
            for (int rows : new int[] {2047, 2048}) {
                Tensor first = new Tensor("q", TensorType.F32, 2048, 4096, bytes);
                Tensor second = new Tensor("q", TensorType.F32, rows, 4096, bytes.asSlice(0, rows * 4096L * 4));
                ModelDescription large = new ModelDescription(model.name(), model.architecture(), model.fingerprint(),
                        model.shape(), model.activation(), Stream.of(first, second)
                                .map(q -> new LayerWeights(q, w.key(), w.value(), w.attentionOutput(), w.gate(), w.up(), w.down()))
                                .toList(), model.output());
                CrossoverMeter meter = new CrossoverMeter(large, new TestDense(large), TestDense.KERNELS, threads);
                assertThat(meter.isMeasurable(Stream.of(0, 1)
                                .map(layer -> new CrossoverMeter.Candidate(new OperatorKey(OperatorKind.ATTENTION_QUERY, layer), null))
                                .toList()))
                        .isEqualTo(rows == 2048);
            }
        }
    }

    @Test
    void aShareOfChannelsIsLeftOutAtRandomWhateverTheirValues() {
        Selection selection = CrossoverMeter.atRandom(2000, 0.3, new SplittableRandom(3));
        int leftOut = 0;
        for (int i = 0; i < 2000; i++) {
            boolean always = Selection.leavesOut(1e30f, selection.lower()[i], selection.upper()[i]);
            assertThat(Selection.leavesOut(-1e30f, selection.lower()[i], selection.upper()[i])).isEqualTo(always);
            assertThat(Selection.leavesOut(0, selection.lower()[i], selection.upper()[i])).isEqualTo(always);
            leftOut += always ? 1 : 0;
        }
        assertThat(leftOut).isBetween(560, 640);
        assertThat(selection.share()).isEqualTo(0.3);
    }

    @Test
    void ofSeveralRoundsTheMedianCounts() {
        assertThat(CrossoverMeter.median(new double[] {5, 9, 1, 2, 7})).isEqualTo(5);
    }

    /** Exact operators that wait, or do nothing. */
    private record Waiting(long nanos) implements DenseOperators {

        @Override
        public Projection projection(Tensor weights, SessionContext context) {
            return (pass, x, y) -> LockSupport.parkNanos(nanos);
        }

        @Override
        public FeedForward feedForward(int layer, SessionContext context) {
            return (pass, x, y) -> LockSupport.parkNanos(nanos);
        }
    }

    @ParameterizedTest
    @CsvSource({"FEED_FORWARD, 20, 0.25, 0.25", "ATTENTION_OUTPUT, 0, 1, 1"})
    void whatTakesLongIsBestLeftOutAndWhatTakesNoTimeIsNot(OperatorKind kind, long millis, double least, double most) {
        ModelDescription model = SmallLlama.random(TensorType.Q8_0, 1, 64, 256, 2, 2, 5).description();
        Kernels kernels = KernelChoice.ofThisJvm().kernels();
        try (Threads threads = new Threads(2)) {
            CrossoverMeter meter = new CrossoverMeter(model, new Waiting(millis * 1_000_000), kernels, threads);
            OperatorKey key = new OperatorKey(kind, 0);
            Tensor weights = Site.weights(model, key);
            ChannelMajor repacked =
                    ChannelMajor.repack(weights, Arena.ofAuto().allocate(ChannelMajor.byteSize(weights), 64));
            CrossoverMeter.Candidate candidate = new CrossoverMeter.Candidate(key, kernels.channels(repacked));
            assertThat(meter.measure(List.of(candidate)).share()).isBetween(least, most);
        }
    }
}
