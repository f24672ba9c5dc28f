package dev.sparsellm.conformance;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A model of random weights, small enough to be made anew for each rule.
 *
 * @param embedding {@code [vocab][dim]}
 */
record TinyModel(ModelDescription description, float[][] embedding) {

    static TinyModel of(TensorType type) {
        return of(type, Dimensions.some(type), ActivationFunction.SILU, 1);
    }

    static TinyModel of(TensorType type, Dimensions dimensions, ActivationFunction activation, long seed) {
        SplittableRandom random = new SplittableRandom(31 * seed + type.id());
        ModelShape shape = dimensions.shape();
        int dim = shape.dim();
        int queries = shape.heads() * shape.headDim();
        int keys = shape.kvHeads() * shape.headDim();
        List<LayerWeights> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            String blk = "blk." + layer + ".";
            layers.add(new LayerWeights(
                    Weights.random(blk + "attn_q.weight", type, queries, dim, random),
                    Weights.random(blk + "attn_k.weight", type, keys, dim, random),
                    Weights.random(blk + "attn_v.weight", type, keys, dim, random),
                    Weights.random(blk + "attn_output.weight", type, dim, queries, random),
                    Weights.random(blk + "ffn_gate.weight", type, shape.ffn(), dim, random),
                    Weights.random(blk + "ffn_up.weight", type, shape.ffn(), dim, random),
                    Weights.random(blk + "ffn_down.weight", type, dim, shape.ffn(), random)));
        }
        Tensor output = Weights.random("output.weight", type, shape.vocab(), dim, random);
        float[][] embedding = new float[shape.vocab()][dim];
        for (float[] row : embedding) {
            for (int i = 0; i < dim; i++) {
                row[i] = (float) random.nextGaussian();
            }
        }
        String fingerprint = "%08x%08x".formatted(
                dimensions.hashCode(), 31 * (31 * type.id() + activation.ordinal()) + seed);
        return new TinyModel(
                new ModelDescription("kit " + type, "llama", fingerprint, shape, activation, layers, output),
                embedding);
    }

    /** The same with other weights in layer 0. */
    TinyModel withFirstLayer(LayerWeights first) {
        ModelDescription d = description;
        List<LayerWeights> layers = new ArrayList<>(d.layers());
        layers.set(0, first);
        return new TinyModel(
                new ModelDescription(
                        d.name(), d.architecture(), d.fingerprint(), d.shape(), d.activation(), layers, d.output()),
                embedding);
    }
}
