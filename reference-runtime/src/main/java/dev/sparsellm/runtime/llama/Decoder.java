package dev.sparsellm.runtime.llama;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.runtime.llama.OperatorTable.LayerOperators;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.WorkerGroup;

/**
 * The forward pass of one session (Touvron et al., 2023). For every layer,
 *
 * <pre>
 *   x ← x + W_o · attention(rope(W_q · n), rope(W_k · n), W_v · n)    n = rmsNorm(x)
 *   x ← x + down(act(gate · m) ⊙ up · m)                              m = rmsNorm(x)
 * </pre>
 *
 * and the logits are {@code output · rmsNorm(x)}. Holds the session's cache and scratch. Used by one thread at a time.
 */
public final class Decoder {

    /** Rows of logits computed at a time: enough to read the output head once for many, few enough to stay small. */
    private static final int LOGIT_ROWS = 16;

    private final LlamaConfig config;
    private final LlamaWeights weights;
    private final OperatorTable operators;
    private final Kernels kernels;
    private final int maxBatch;
    private final int contextLength;
    private final KvCache cache;
    private final Rope rope;
    private final Attention attention;
    private final float[] x; // [maxBatch][dim], the residual stream
    private final float[] norm; // [maxBatch][dim]
    private final float[] q; // [maxBatch][heads · headDim]
    private final float[] k; // [maxBatch][kvHeads · headDim]
    private final float[] v; // [maxBatch][kvHeads · headDim]
    private final float[] h; // [maxBatch][heads · headDim]
    private final float[] branch; // [maxBatch][dim], what a block adds to the stream
    private float[] logits = new float[0]; // [LOGIT_ROWS][vocab] at most

    /**
     * @param contextLength the most positions this session can hold
     * @param maxBatch the most positions of one pass
     */
    public Decoder(
            LlamaConfig config,
            LlamaWeights weights,
            OperatorTable operators,
            Kernels kernels,
            WorkerGroup workers,
            int contextLength,
            int maxBatch) {
        this.config = config;
        this.weights = weights;
        this.operators = operators;
        this.kernels = kernels;
        this.maxBatch = maxBatch;
        this.contextLength = contextLength;
        ModelShape shape = config.shape();
        cache = new KvCache(shape, contextLength);
        rope = new Rope(config, weights.ropeFactors(), contextLength);
        attention = new Attention(config, kernels, cache, workers, contextLength);
        int queries = shape.heads() * shape.headDim();
        int keys = shape.kvHeads() * shape.headDim();
        x = new float[maxBatch * shape.dim()];
        norm = new float[maxBatch * shape.dim()];
        q = new float[maxBatch * queries];
        k = new float[maxBatch * keys];
        v = new float[maxBatch * keys];
        h = new float[maxBatch * queries];
        branch = new float[maxBatch * shape.dim()];
    }

    /** The most positions of one pass. */
    public int maxBatch() {
        return maxBatch;
    }

    /** Receives the logits of a position. */
    @FunctionalInterface
    public interface LogitsSink {

        /**
         * @param row of the pass
         * @param logits an array that holds them, valid during the call only
         * @param offset where they begin; {@code vocab} follow
         */
        void accept(int row, float[] logits, int offset);
    }

    /**
     * Reads {@code ids[from .. from + count)} at positions {@code position …}, which must be the next ones of this
     * session or overwrite the last ones.
     *
     * @param logitsFrom logits are handed over for rows {@code logitsFrom .. count}; {@code count} for none
     * @throws IllegalArgumentException if the positions do not fit, or an id is not of this vocabulary
     */
    public void forward(Phase phase, int[] ids, int from, int count, int position, int logitsFrom, LogitsSink sink) {
        if (count < 1 || count > maxBatch || position < 0 || position + count > contextLength) {
            throw new IllegalArgumentException("A pass of %d at position %d does not fit a batch of %d and a context of %d"
                    .formatted(count, position, maxBatch, contextLength));
        }
        embed(ids, from, count);
        Pass pass = new Pass(phase, position, count);
        for (int layer = 0; layer < config.shape().layers(); layer++) {
            LayerOperators blk = operators.layers().get(layer);
            attend(layer, blk, pass);
            normalize(weights.ffnNorm()[layer], count);
            blk.feedForward().apply(pass, norm, branch);
            kernels.add(branch, 0, x, 0, count * config.shape().dim());
        }
        project(pass, logitsFrom, sink);
    }

    private void embed(int[] ids, int from, int count) {
        ModelShape shape = config.shape();
        for (int b = 0; b < count; b++) {
            int id = ids[from + b];
            if (id < 0 || id >= shape.vocab()) {
                throw new IllegalArgumentException(
                        "Token id " + id + " is not of this vocabulary of " + shape.vocab() + " tokens");
            }
            kernels.dequantize(weights.tokenEmbedding(), id, x, b * shape.dim());
        }
    }

    private void attend(int layer, LayerOperators blk, Pass pass) {
        ModelShape shape = config.shape();
        int queries = shape.heads() * shape.headDim();
        int keys = shape.kvHeads() * shape.headDim();
        normalize(weights.attentionNorm()[layer], pass.batch());
        blk.query().apply(pass, norm, q);
        blk.key().apply(pass, norm, k);
        blk.value().apply(pass, norm, v);
        for (int b = 0; b < pass.batch(); b++) {
            int position = pass.position() + b;
            rope.rotate(q, b * queries, shape.heads(), position);
            rope.rotate(k, b * keys, shape.kvHeads(), position);
            cache.put(layer, position, k, v, b * keys);
        }
        attention.apply(layer, pass, q, h);
        blk.attentionOutput().apply(pass, h, branch);
        kernels.add(branch, 0, x, 0, pass.batch() * shape.dim());
    }

    private void normalize(float[] weight, int rows) {
        int dim = config.shape().dim();
        for (int b = 0; b < rows; b++) {
            kernels.rmsNorm(x, b * dim, weight, config.rmsEpsilon(), norm, b * dim, dim);
        }
    }

    private void project(Pass pass, int logitsFrom, LogitsSink sink) {
        int dim = config.shape().dim();
        int vocab = config.shape().vocab();
        for (int first = logitsFrom; first < pass.batch(); first += LOGIT_ROWS) {
            int rows = Math.min(LOGIT_ROWS, pass.batch() - first);
            if (logits.length < rows * vocab) {
                logits = new float[rows * vocab];
            }
            for (int b = 0; b < rows; b++) {
                kernels.rmsNorm(x, (first + b) * dim, weights.outputNorm(), config.rmsEpsilon(), norm, b * dim, dim);
            }
            operators.output().apply(new Pass(pass.phase(), pass.position() + first, rows), norm, logits);
            for (int b = 0; b < rows; b++) {
                sink.accept(first + b, logits, b * vocab);
            }
        }
    }
}
