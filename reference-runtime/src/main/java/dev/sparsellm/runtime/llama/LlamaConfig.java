package dev.sparsellm.runtime.llama;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import dev.sparsellm.spi.ModelShape;
import java.util.List;

/**
 * What the metadata of a {@code llama} file says about the model.
 *
 * @param name {@code general.name}
 * @param shape dimensions
 * @param ropeDimensions channels of each head that are rotated, even, at most the head's size
 * @param ropeBase θ: pair i turns by {@code position · θ^(−2i / ropeDimensions)}
 * @param ropeScale positions are divided by this (linear scaling)
 * @param rmsEpsilon ε of the norms
 * @param slidingWindow positions a query sees, itself included; 0 for all
 */
public record LlamaConfig(
        String name,
        ModelShape shape,
        int ropeDimensions,
        double ropeBase,
        double ropeScale,
        float rmsEpsilon,
        int slidingWindow) {

    /** The architecture this package computes: Llama 2, Llama 3.x, Mistral. */
    public static final String ARCHITECTURE = "llama";

    private static final int MAX_DIMENSION = 1 << 24;

    /** @throws GgufException if a key is missing, out of range, or asks for what is not supported */
    public static LlamaConfig of(GgufMetadata metadata, int vocab) {
        String architecture = metadata.requireString("general.architecture");
        if (!architecture.equals(ARCHITECTURE)) {
            throw new GgufException("The architecture is '" + architecture + "'; supported is '" + ARCHITECTURE
                    + "' (Llama 2, Llama 3.x, Mistral): use a model of that family");
        }
        if (metadata.integer("llama.expert_count").orElse(0) > 0) {
            throw new GgufException("The model is a mixture of experts (llama.expert_count = "
                    + metadata.integer("llama.expert_count").get() + "), which is not supported: use a dense model");
        }
        int dim = metadata.requireInteger("llama.embedding_length", 1, MAX_DIMENSION);
        int heads = metadata.requireInteger("llama.attention.head_count", 1, dim);
        int kvHeads = optional(metadata, "llama.attention.head_count_kv", heads, 1, heads);
        if (heads % kvHeads != 0) {
            throw new GgufException("llama.attention.head_count (" + heads + ") is not a multiple of"
                    + " llama.attention.head_count_kv (" + kvHeads + ")");
        }
        int headDim = optional(metadata, "llama.attention.key_length", dim / heads, 1, MAX_DIMENSION / heads);
        int valueDim = optional(metadata, "llama.attention.value_length", headDim, 1, MAX_DIMENSION / heads);
        if (valueDim != headDim) {
            throw new GgufException("Keys have " + headDim + " channels a head and values " + valueDim
                    + ", which is not supported: both must be the same");
        }
        int ropeDimensions = optional(metadata, "llama.rope.dimension_count", headDim, 2, headDim);
        if (ropeDimensions % 2 != 0) {
            throw new GgufException("llama.rope.dimension_count is " + ropeDimensions + ", it must be even");
        }
        ModelShape shape = new ModelShape(
                metadata.requireInteger("llama.block_count", 1, 4096),
                dim,
                metadata.requireInteger("llama.feed_forward_length", 1, MAX_DIMENSION),
                heads,
                kvHeads,
                headDim,
                vocab,
                metadata.requireInteger("llama.context_length", 1, Integer.MAX_VALUE));
        return new LlamaConfig(
                metadata.string("general.name").orElse("unnamed"),
                shape,
                ropeDimensions,
                positive(metadata, "llama.rope.freq_base", 10_000),
                ropeScale(metadata),
                (float) positive(metadata, "llama.attention.layer_norm_rms_epsilon", null),
                optional(metadata, "llama.attention.sliding_window", 0, 0, Integer.MAX_VALUE));
    }

    private static double ropeScale(GgufMetadata metadata) {
        String type = metadata.string("llama.rope.scaling.type").orElse("none");
        // `scale_linear` is the key of files made before scaling types had names.
        String key = metadata.find("llama.rope.scaling.factor").isPresent()
                ? "llama.rope.scaling.factor"
                : "llama.rope.scale_linear";
        boolean old = metadata.find("llama.rope.scaling.type").isEmpty() && metadata.find(key).isPresent();
        if (type.equals("linear") || old) {
            return positive(metadata, key, 1);
        }
        if (!List.of("none", "llama3").contains(type)) {
            throw new GgufException("llama.rope.scaling.type is '" + type
                    + "'; supported are none, linear, and Llama 3's factors in rope_freqs.weight");
        }
        return 1;
    }

    private static int optional(GgufMetadata metadata, String key, int otherwise, int min, int max) {
        return metadata.find(key).isPresent() ? metadata.requireInteger(key, min, max) : otherwise;
    }

    private static double positive(GgufMetadata metadata, String key, Integer otherwise) {
        double value = otherwise != null && metadata.find(key).isEmpty() ? otherwise : metadata.requireReal(key);
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new GgufException(key + " is " + value + ", it must be a positive number");
        }
        return value;
    }
}
