package dev.sparsellm.chess;

import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.gguf.ModelFingerprint;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A model for tests.
 *
 * @param attentionNorms {@code [layers][dim]}
 * @param ffnNorms {@code [layers][dim]}
 * @param outputNorm {@code [dim]}
 * @param embedding {@code [vocab][dim]}
 * @param epsilon of the norms
 */
record SmallLlama(
        ModelDescription description,
        float[][] attentionNorms,
        float[][] ffnNorms,
        float[] outputNorm,
        Tensor embedding,
        float epsilon) {

    /** Random weights of one type; fingerprint and weights follow from the seed. */
    static SmallLlama random(TensorType type, int layers, int dim, int ffn, int heads, int kvHeads, long seed) {
        RandomWeights random = new RandomWeights(seed);
        int headDim = dim / heads;
        int vocab = 300;
        List<LayerWeights> weights = new ArrayList<>();
        float[][] ones = new float[layers][dim];
        for (int layer = 0; layer < layers; layer++) {
            String blk = "blk." + layer + ".";
            Arrays.fill(ones[layer], 1);
            weights.add(new LayerWeights(
                    random.tensor(blk + "attn_q.weight", type, heads * headDim, dim),
                    random.tensor(blk + "attn_k.weight", type, kvHeads * headDim, dim),
                    random.tensor(blk + "attn_v.weight", type, kvHeads * headDim, dim),
                    random.tensor(blk + "attn_output.weight", type, dim, heads * headDim),
                    random.tensor(blk + "ffn_gate.weight", type, ffn, dim),
                    random.tensor(blk + "ffn_up.weight", type, ffn, dim),
                    random.tensor(blk + "ffn_down.weight", type, dim, ffn)));
        }
        Tensor embedding = random.tensor("token_embd.weight", TensorType.F32, vocab, dim);
        ModelDescription description = new ModelDescription(
                "random",
                "llama",
                "%016x".formatted(seed),
                new ModelShape(layers, dim, ffn, heads, kvHeads, headDim, vocab, 256),
                ActivationFunction.SILU,
                weights,
                embedding);
        return new SmallLlama(description, ones, ones, ones[0], embedding, 1e-5f);
    }

    /** An F32 model from a file. */
    static SmallLlama of(Gguf file) {
        var metadata = file.metadata();
        int layers = metadata.requireInteger("llama.block_count", 1, 100);
        int dim = metadata.requireInteger("llama.embedding_length", 1, 1 << 20);
        int ffn = metadata.requireInteger("llama.feed_forward_length", 1, 1 << 20);
        int heads = metadata.requireInteger("llama.attention.head_count", 1, 1000);
        int kvHeads = metadata.requireInteger("llama.attention.head_count_kv", 1, 1000);
        List<LayerWeights> weights = new ArrayList<>();
        float[][] attentionNorms = new float[layers][];
        float[][] ffnNorms = new float[layers][];
        for (int layer = 0; layer < layers; layer++) {
            String blk = "blk." + layer + ".";
            weights.add(new LayerWeights(
                    matrix(file, blk + "attn_q.weight"),
                    matrix(file, blk + "attn_k.weight"),
                    matrix(file, blk + "attn_v.weight"),
                    matrix(file, blk + "attn_output.weight"),
                    matrix(file, blk + "ffn_gate.weight"),
                    matrix(file, blk + "ffn_up.weight"),
                    matrix(file, blk + "ffn_down.weight")));
            attentionNorms[layer] = vector(file, blk + "attn_norm.weight");
            ffnNorms[layer] = vector(file, blk + "ffn_norm.weight");
        }
        Tensor embedding = matrix(file, "token_embd.weight");
        ModelDescription description = new ModelDescription(
                file.file().getFileName().toString(),
                "llama",
                ModelFingerprint.of(file),
                new ModelShape(layers, dim, ffn, heads, kvHeads, dim / heads, embedding.rows(), 2048),
                ActivationFunction.SILU,
                weights,
                file.tensor("output.weight").isPresent() ? matrix(file, "output.weight") : embedding);
        return new SmallLlama(
                description,
                attentionNorms,
                ffnNorms,
                vector(file, "output_norm.weight"),
                embedding,
                (float) metadata.requireReal("llama.attention.layer_norm_rms_epsilon"));
    }

    private static Tensor matrix(Gguf file, String name) {
        return file.tensor(name).orElseThrow().matrix();
    }

    private static float[] vector(Gguf file, String name) {
        Tensor tensor = matrix(file, name);
        float[] values = new float[tensor.columns()];
        TestDense.KERNELS.dequantize(tensor, 0, values, 0);
        return values;
    }
}
