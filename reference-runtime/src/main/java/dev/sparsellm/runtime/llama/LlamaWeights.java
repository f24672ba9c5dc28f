package dev.sparsellm.runtime.llama;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A model's tensors, each of the shape its configuration asks for.
 *
 * @param tokenEmbedding {@code [vocab][dim]}
 * @param layers matrices of each layer
 * @param attentionNorm {@code [layers][dim]}
 * @param ffnNorm {@code [layers][dim]}
 * @param outputNorm {@code [dim]}
 * @param output {@code [vocab][dim]}; the token embedding where the file has no {@code output.weight}
 * @param ropeFactors {@code [ropeDimensions / 2]}, by which frequencies are divided (Llama 3.1's long-context scaling);
 *     all ones where the file has no {@code rope_freqs.weight}
 */
public record LlamaWeights(
        Tensor tokenEmbedding,
        List<LayerWeights> layers,
        float[][] attentionNorm,
        float[][] ffnNorm,
        float[] outputNorm,
        Tensor output,
        float[] ropeFactors) {

    /** Types of matrices the kernels multiply with. */
    private static final Set<TensorType> WEIGHT_TYPES =
            EnumSet.complementOf(EnumSet.of(TensorType.I32, TensorType.I64, TensorType.F64));

    /** @throws GgufException if a tensor is missing or has another shape, naming both */
    public static LlamaWeights of(Gguf file, LlamaConfig config, Kernels kernels) {
        return new Reader(file, config, kernels).read();
    }

    private record Reader(Gguf file, LlamaConfig config, Kernels kernels) {

        LlamaWeights read() {
            ModelShape shape = config.shape();
            refuseBiases();
            int queries = shape.heads() * shape.headDim();
            int keys = shape.kvHeads() * shape.headDim();
            List<LayerWeights> layers = new ArrayList<>();
            float[][] attentionNorm = new float[shape.layers()][];
            float[][] ffnNorm = new float[shape.layers()][];
            for (int layer = 0; layer < shape.layers(); layer++) {
                String blk = "blk." + layer + ".";
                attentionNorm[layer] = vector(blk + "attn_norm.weight", shape.dim());
                ffnNorm[layer] = vector(blk + "ffn_norm.weight", shape.dim());
                layers.add(new LayerWeights(
                        matrix(blk + "attn_q.weight", queries, shape.dim()),
                        matrix(blk + "attn_k.weight", keys, shape.dim()),
                        matrix(blk + "attn_v.weight", keys, shape.dim()),
                        matrix(blk + "attn_output.weight", shape.dim(), queries),
                        matrix(blk + "ffn_gate.weight", shape.ffn(), shape.dim()),
                        matrix(blk + "ffn_up.weight", shape.ffn(), shape.dim()),
                        matrix(blk + "ffn_down.weight", shape.dim(), shape.ffn())));
            }
            Tensor embedding = matrix("token_embd.weight", shape.vocab(), shape.dim());
            Tensor output = file.tensor("output.weight").isPresent()
                    ? matrix("output.weight", shape.vocab(), shape.dim())
                    : embedding;
            return new LlamaWeights(
                    embedding,
                    List.copyOf(layers),
                    attentionNorm,
                    ffnNorm,
                    vector("output_norm.weight", shape.dim()),
                    output,
                    ropeFactors());
        }

        private float[] ropeFactors() {
            int pairs = config.ropeDimensions() / 2;
            if (file.tensor("rope_freqs.weight").isPresent()) {
                return vector("rope_freqs.weight", pairs);
            }
            float[] ones = new float[pairs];
            java.util.Arrays.fill(ones, 1);
            return ones;
        }

        private void refuseBiases() {
            Optional<String> bias = file.tensors().stream()
                    .map(t -> t.name())
                    .filter(name -> name.startsWith("blk.") && name.endsWith(".bias"))
                    .findFirst();
            if (bias.isPresent()) {
                throw new GgufException(file.file() + " has biases (" + bias.get()
                        + "), which Llama and Mistral models do not have: not supported");
            }
        }

        private Tensor matrix(String name, int rows, int columns) {
            Tensor tensor = file.tensor(name)
                    .orElseThrow(() -> new GgufException(file.file() + " has no tensor " + name
                            + ": the file is incomplete, or of another kind of model; download it again"))
                    .matrix();
            if (tensor.rows() != rows || tensor.columns() != columns) {
                throw new GgufException("%s: %s is [%d][%d], the metadata asks for [%d][%d]"
                        .formatted(file.file(), name, tensor.rows(), tensor.columns(), rows, columns));
            }
            if (!WEIGHT_TYPES.contains(tensor.type())) {
                throw new GgufException(
                        file.file() + ": " + name + " has the type " + tensor.type() + ", which is no type for weights");
            }
            return tensor;
        }

        private float[] vector(String name, int length) {
            float[] values = new float[length];
            kernels.dequantize(matrix(name, 1, length), 0, values, 0);
            return values;
        }
    }
}
