package dev.sparsellm.runtime.synthetic;

import dev.sparsellm.kernels.gguf.GgufWriter;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes models of random weights in real shapes: as large and as fast to run as the real ones, with text in and text
 * out, and nothing to say. Weights are normally distributed as in trained networks, deviation 0.02; those of
 * normalisation layers lie around 1. Other runtimes load these files, too.
 */
public final class SyntheticModel {

    private static final double WEIGHT_DEVIATION = 0.02;
    private static final double NORM_DEVIATION = 0.05;
    private static final int MAX_LAYERS = 256;
    private static final int MIN_VOCABULARY = 512;
    private static final int MAX_VOCABULARY = 500_000;

    /** llama.cpp's {@code general.file_type} (llama.h, {@code enum llama_ftype}); for K-quants those of one type. */
    private static final Map<TensorType, Integer> FILE_TYPES = Map.ofEntries(
            Map.entry(TensorType.F32, 0),
            Map.entry(TensorType.F16, 1),
            Map.entry(TensorType.Q4_0, 2),
            Map.entry(TensorType.Q4_1, 3),
            Map.entry(TensorType.Q8_0, 7),
            Map.entry(TensorType.Q5_0, 8),
            Map.entry(TensorType.Q5_1, 9),
            Map.entry(TensorType.Q4_K, 14),
            Map.entry(TensorType.Q5_K, 16),
            Map.entry(TensorType.Q6_K, 18),
            Map.entry(TensorType.BF16, 32));

    private record Matrix(String name, int columns, int rows) {}

    private final Shape shape;
    private final int layers;
    private final int vocabulary;
    private final TensorType type;
    private final SplittableRandom random;
    private final BlockPool pool;
    private long written;

    private SyntheticModel(Shape shape, int layers, int vocabulary, TensorType type, long seed) {
        this.shape = shape;
        this.layers = layers;
        this.vocabulary = vocabulary;
        this.type = type;
        this.random = new SplittableRandom(seed);
        long largest = matrices().stream().mapToLong(this::bytes).max().orElseThrow();
        this.pool = new BlockPool(type, WEIGHT_DEVIATION, largest, random.split());
    }

    /**
     * Writes a model; equal arguments give equal files. Memory stays below 100 MB whatever the size.
     *
     * @param layers 1 to 256; {@link Shape#layers()} for the real model's size
     * @param vocabulary 512 to 500000 tokens; {@link Shape#vocabulary()} for the real model's. A quarter of it with a
     *     quarter of the layers keeps the share that the output head has in the bytes a token needs
     * @param type of all matrices; vectors are F32
     * @param out replaced if it exists, once the new file is complete
     * @param progress is told bytes
     * @throws IllegalArgumentException if there are no synthetic weights of the type, or for another number of layers
     *     or tokens
     * @throws IOException if the file cannot be written, also if the disk has no room for it
     */
    public static void write(
            Shape shape, int layers, int vocabulary, TensorType type, long seed, Path out, ProgressSink progress)
            throws IOException {
        if (layers < 1 || layers > MAX_LAYERS) {
            throw new IllegalArgumentException(layers + " layers; from 1 to " + MAX_LAYERS + " are allowed");
        }
        if (vocabulary < MIN_VOCABULARY || vocabulary > MAX_VOCABULARY) {
            throw new IllegalArgumentException("A vocabulary of " + vocabulary + " tokens; from " + MIN_VOCABULARY
                    + " to " + MAX_VOCABULARY + " are allowed");
        }
        new SyntheticModel(shape, layers, vocabulary, type, seed).write(out, progress);
    }

    private void write(Path out, ProgressSink progress) throws IOException {
        long total = matrices().stream().mapToLong(this::bytes).sum();
        Path folder = out.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new IOException("Cannot write " + out + ": there is no folder " + folder);
        }
        long free = Files.getFileStore(folder).getUsableSpace();
        if (total > free) {
            throw new IOException("Cannot write " + out + ": it needs " + total / 1_000_000 + " MB, and the disk has "
                    + free / 1_000_000 + " MB left. Free some, or choose fewer layers or a smaller type");
        }
        try (ProgressSink.Work work = progress.start("Writing " + shape.label() + " in " + type, total)) {
            GgufWriter writer = new GgufWriter();
            writeMetadata(writer);
            SyntheticVocabulary.write(shape.vocabularyKind, vocabulary, writer);
            if (shape.ropeFactor > 0) {
                writer.tensor("rope_freqs.weight", TensorType.F32, List.of(shape.headSize() / 2L),
                        floats(ropeFactors()));
            }
            for (Matrix matrix : matrices()) {
                if (matrix.rows == 1) {
                    writer.tensor(matrix.name, TensorType.F32, List.of((long) matrix.columns),
                            floats(normWeights(matrix.columns)));
                } else {
                    SplittableRandom own = random.split();
                    writer.tensor(matrix.name, type, List.of((long) matrix.columns, (long) matrix.rows),
                            channel -> pool.write(bytes(matrix), own, channel, count -> work.done(written += count)));
                }
            }
            writer.write(out);
        }
    }

    private void writeMetadata(GgufWriter writer) {
        writer.string("general.architecture", "llama")
                .string("general.name", "synthetic " + shape.label())
                .string("general.description", "Random weights in the shape of " + shape.label())
                .uint32("general.file_type", FILE_TYPES.get(type))
                .uint32("general.quantization_version", 2)
                .uint32("llama.vocab_size", vocabulary)
                .uint32("llama.context_length", shape.context)
                .uint32("llama.embedding_length", shape.dim)
                .uint32("llama.block_count", layers)
                .uint32("llama.feed_forward_length", shape.ffn)
                .uint32("llama.attention.head_count", shape.heads)
                .uint32("llama.attention.head_count_kv", shape.kvHeads)
                .uint32("llama.attention.key_length", shape.headSize())
                .uint32("llama.attention.value_length", shape.headSize())
                .float32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .uint32("llama.rope.dimension_count", shape.headSize())
                .float32("llama.rope.freq_base", shape.ropeTheta);
    }

    /** All tensors but {@code rope_freqs.weight}, in the order of llama.cpp's converter; one row means a vector. */
    private List<Matrix> matrices() {
        int dim = shape.dim;
        int kv = shape.kvHeads * shape.headSize();
        List<Matrix> list = new ArrayList<>();
        list.add(new Matrix("token_embd.weight", dim, vocabulary));
        for (int i = 0; i < layers; i++) {
            String block = "blk." + i + ".";
            list.add(new Matrix(block + "attn_norm.weight", dim, 1));
            list.add(new Matrix(block + "ffn_down.weight", shape.ffn, dim));
            list.add(new Matrix(block + "ffn_gate.weight", dim, shape.ffn));
            list.add(new Matrix(block + "ffn_up.weight", dim, shape.ffn));
            list.add(new Matrix(block + "ffn_norm.weight", dim, 1));
            list.add(new Matrix(block + "attn_k.weight", dim, kv));
            list.add(new Matrix(block + "attn_output.weight", dim, dim));
            list.add(new Matrix(block + "attn_q.weight", dim, dim));
            list.add(new Matrix(block + "attn_v.weight", dim, kv));
        }
        list.add(new Matrix("output_norm.weight", dim, 1));
        if (!shape.tied) {
            list.add(new Matrix("output.weight", dim, vocabulary));
        }
        return list;
    }

    /** Of a matrix in the model's type; vectors, which are F32, are too small to matter here. */
    private long bytes(Matrix matrix) {
        return matrix.rows == 1 ? 0 : matrix.rows * type.rowBytes(matrix.columns);
    }

    private float[] normWeights(int length) {
        float[] weights = new float[length];
        for (int i = 0; i < length; i++) {
            weights[i] = (float) (1 + NORM_DEVIATION * random.nextGaussian());
        }
        return weights;
    }

    /**
     * What RoPE's frequencies are divided by, with Llama 3's constants (meta-llama/llama-models,
     * {@code apply_scaling}): 1 for wavelengths below 2048, the shape's factor for those above 8192, and in between
     * from one to the other.
     */
    private float[] ropeFactors() {
        double lowFrequencyFactor = 1;
        double highFrequencyFactor = 4;
        double oldContext = 8192;
        float[] factors = new float[shape.headSize() / 2];
        for (int i = 0; i < factors.length; i++) {
            double wavelength = 2 * Math.PI * Math.pow(shape.ropeTheta, 2.0 * i / shape.headSize());
            double smooth = (oldContext / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
            double s = Math.clamp(smooth, 0, 1);
            factors[i] = (float) (1 / ((1 - s) / shape.ropeFactor + s));
        }
        return factors;
    }

    private static GgufWriter.Body floats(float[] values) {
        return GgufWriter.Body.of(MemorySegment.ofArray(values));
    }
}
