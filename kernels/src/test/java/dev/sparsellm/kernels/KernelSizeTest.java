package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kernels must stay small enough for C2 to inline all of the Vector API, whatever else the JVM has seen: see
 * {@link VectorFormat}. Asks C2, in a JVM of its own, how many nodes it made of each.
 */
class KernelSizeTest {

    /** Eight rows of Q8_0 written out: 38,500, boxed in one of two JVMs. Below 27,000, two of 38 boxed a little. */
    private static final int MOST_NODES = 27_000;

    /**
     * From 18,000 nodes on C2 inlines only what the JDK marks for it, which the last step of an unaligned read of two bytes is
     * not. Where the fourth row's scale of Q4_0 was read at 17,900, it remained a call in one JVM of 30, which then wrote 0.65
     * as many tokens a second.
     */
    private static final int MOST_NODES_AT_A_SCALE = 17_000;

    private static final int CALLS = 12_000;
    private static final Pattern TASK = Pattern.compile("<task .*method='dev\\.sparsellm\\.kernels\\.(\\S+ \\S+) .*");
    private static final Pattern METHOD = Pattern.compile("<method id='(\\d+)' .*name='(\\w+)'.*");
    private static final Pattern PARSE = Pattern.compile("<parse method='(\\d+)'.*");
    private static final Pattern NODES = Pattern.compile("<parse_done nodes='(\\d+)'.*");

    /** The most nodes of each kernel that C2, the last tier, compiled: in all, and after a scale had been read. */
    private record Sizes(Map<String, Integer> nodes, Map<String, Integer> atScale) {}

    @Test
    void c2MakesFewEnoughNodesOfEachKernel(@TempDir Path folder) throws Exception {
        assumeTrue(KernelChoice.ofThisJvm().kernels().vectorBits() > 32, "scalar kernels have no vectors to box");
        Path log = folder.resolve("compilations.xml");
        Path output = folder.resolve("output.txt");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector",
                "-XX:+UnlockDiagnosticVMOptions", "-XX:+LogCompilation", "-XX:LogFile=" + log,
                "-D" + KernelChoice.VECTOR_BITS + "=" + Integer.getInteger(KernelChoice.VECTOR_BITS, 512),
                "-cp", System.getProperty("java.class.path"),
                Load.class.getName());
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor()).as(Files.readString(output)).isZero();

        Sizes sizes = sizes(log);
        Map<String, Integer> nodes = sizes.nodes();

        switch (KernelChoice.ofThisJvm().kernels().vectorBits()) {
            case 512 ->
                assertThat(nodes)
                        .containsKeys(
                                "VectorQ8x0 fourBySteps",
                                "VectorQ4x0 fourBySteps",
                                "VectorF16 fourBySteps",
                                "VectorF16 eightBySteps",
                                "VectorBF16 eightBySteps",
                                "VectorTiles twelveByTwo",
                                "VectorTiles twelveByOne");
            case 256 ->
                assertThat(nodes)
                        .containsKeys(
                                "VectorQ8x0Ints fourBySteps",
                                "VectorQ4x0Shorts fourBySteps",
                                "VectorF16Pairs eightBySteps",
                                "VectorBF16Pairs eightBySteps",
                                "VectorQ2KInts addProducts",
                                "VectorQ3KInts addProducts",
                                "VectorQ4KInts addProducts",
                                "VectorQ5KInts addProducts",
                                "VectorQ6KInts addProducts",
                                "SixByTwo bySteps");
            default -> assertThat(nodes).containsKeys("VectorQ8x0 two", "VectorQ4x0 two", "SixByTwo bySteps");
        }
        assertThat(nodes).allSatisfy((kernel, count) -> assertThat(count).as(kernel).isLessThan(MOST_NODES));
        assertThat(sizes.atScale())
                .isNotEmpty()
                .allSatisfy((kernel, count) -> assertThat(count).as(kernel).isLessThan(MOST_NODES_AT_A_SCALE));
    }

    private static Sizes sizes(Path log) throws IOException {
        Sizes sizes = new Sizes(new TreeMap<>(), new TreeMap<>());
        String kernel = null;
        Map<String, String> names = new HashMap<>();
        Deque<String> parsed = new ArrayDeque<>();
        try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
            for (String line : (Iterable<String>) lines::iterator) {
                if (line.startsWith("<task ")) {
                    Matcher task = TASK.matcher(line);
                    kernel = task.matches() && !line.contains(" level='") ? task.group(1) : null;
                    names.clear();
                    parsed.clear();
                } else if (kernel != null) {
                    Matcher method = METHOD.matcher(line);
                    Matcher parse = PARSE.matcher(line);
                    Matcher done = NODES.matcher(line);
                    if (method.matches()) {
                        names.put(method.group(1), method.group(2));
                    } else if (parse.matches()) {
                        parsed.push(names.getOrDefault(parse.group(1), ""));
                    } else if (done.matches()) {
                        int count = Integer.parseInt(done.group(1));
                        sizes.nodes().merge(kernel, count, Math::max);
                        if (!parsed.isEmpty() && parsed.pop().contains("ShortUnaligned")) {
                            sizes.atScale().merge(kernel, count, Math::max);
                        }
                    }
                }
            }
        }
        return sizes;
    }

    /** Has every kernel of rows and channels compiled. */
    static final class Load {

        private Load() {}

        /** Whether or not it is the fastest way here. */
        private static void halvesBySteps(Scratch scratch) {
            MemorySegment weights = Arena.ofAuto().allocate(8 * 1024, 64);
            float[] x = new float[512];
            float[] work = scratch.floats(VectorFormat.WORK);
            Arrays.setAll(scratch.starts, i -> Math.clamp(i - Scratch.MARGIN, 0, 7) * 1024L);
            long step = 2L * VectorWidth.LANES;
            for (int i = 0; i < CALLS; i++) {
                for (VectorFormat format : List.of(new VectorF16(), new VectorBF16())) {
                    format.fourBySteps(weights, scratch.starts, step, 512 / VectorWidth.LANES, x, 0, work);
                    format.eightBySteps(weights, scratch.starts, step, 512 / VectorWidth.LANES, x, 0, work);
                }
                for (VectorFormat format : List.of(new VectorF16Pairs(), new VectorBF16Pairs())) {
                    format.fourBySteps(weights, scratch.starts, 2 * step, 256 / VectorWidth.LANES, x, 0, work);
                    format.eightBySteps(weights, scratch.starts, 2 * step, 256 / VectorWidth.LANES, x, 0, work);
                }
            }
        }

        public static void main(String[] args) {
            Kernels kernels = KernelChoice.ofThisJvm().kernels();
            Scratch scratch = new Scratch();
            halvesBySteps(scratch);
            for (TensorType type : TestWeights.TYPES) {
                int columns = type.blockSize() == 256 ? 256 : 64;
                int rows = 64;
                Tensor weights = TestWeights.random(type, rows, columns, 1);
                RowProduct product = kernels.rows(weights);
                ChannelProduct channels = kernels.channels(ChannelMajor.repack(
                        weights, Arena.ofAuto().allocate(ChannelMajor.byteSize(weights), 64)));
                float[] x = new float[20 * columns];
                float[] y = new float[20 * rows + channels.accumulatorLength()];
                SingleInput single = SingleInput.of(x, 0);
                int[] all = new int[columns];
                Arrays.fill(x, 0.5f);
                Arrays.setAll(all, i -> i);
                for (int i = 0; i < CALLS; i++) {
                    Reading reading = Reading.values()[i / 8 % Reading.values().length];
                    product.multiplyRows(single, y, 0, all, 0, rows - 3, reading, scratch);
                    product.multiply(x, 1, y, rows, 0, rows, scratch);
                    if (i % 4 == 0) {
                        product.multiply(x, 20, y, rows, 0, rows, scratch);
                        product.multiply(x, BatchedInput.FEWEST, y, rows, 0, rows, scratch);
                        channels.accumulate(x, 0, all, 0, columns - 3, y, 0, reading, scratch);
                    }
                }
            }
        }
    }
}
