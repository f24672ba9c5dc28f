package dev.sparsellm.runtime.llama;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.WorkerGroup;
import java.util.Arrays;

/**
 * Causal attention with grouped queries: {@code h = softmax(q·Kᵀ / √d) V} for each head, over the positions up to the
 * query's own, or the last of them where the model has a sliding window. One session's.
 */
final class Attention {

    private final LlamaConfig config;
    private final Kernels kernels;
    private final KvCache cache;
    private final WorkerGroup workers;
    private final float[][] scores; // [threads][positions]
    private final WorkerGroup.Task oneHead = this::attend;

    // The call under way.
    private int layer;
    private Pass pass;
    private float[] q;
    private float[] h;

    Attention(LlamaConfig config, Kernels kernels, KvCache cache, WorkerGroup workers, int positions) {
        this.config = config;
        this.kernels = kernels;
        this.cache = cache;
        this.workers = workers;
        scores = new float[workers.threads()][positions];
    }

    /**
     * @param q {@code [batch][heads · headDim]}, rotated
     * @param h {@code [batch][heads · headDim]}, overwritten
     */
    void apply(int layer, Pass pass, float[] q, float[] h) {
        this.layer = layer;
        this.pass = pass;
        this.q = q;
        this.h = h;
        int parts = pass.batch() * config.shape().heads();
        // Below some 16 K multiplications a region costs more than it saves.
        long work = (long) (pass.position() + pass.batch()) * config.shape().headDim() * parts;
        if (work < 16_384) {
            for (int part = 0; part < parts; part++) {
                attend(part, 0);
            }
        } else {
            workers.run(parts, oneHead);
        }
    }

    /** One head of one row. */
    private void attend(int part, int worker) {
        ModelShape shape = config.shape();
        int headDim = shape.headDim();
        int row = part / shape.heads();
        int head = part % shape.heads();
        int kvHead = head / (shape.heads() / shape.kvHeads());
        int position = pass.position() + row;
        int first = config.slidingWindow() == 0 ? 0 : Math.max(0, position - config.slidingWindow() + 1);
        int at = row * shape.heads() * headDim + head * headDim;
        float[] weights = scores[worker];
        float scale = (float) (1 / Math.sqrt(headDim));
        for (int p = first, end; p <= position; p = end) {
            end = cache.endOfPage(p, position);
            float[] keys = cache.keys(layer, p); // [kvHeads][PAGE][headDim]
            kernels.dots(scale, q, at, keys, cache.offset(kvHead, p), headDim, end - p, weights, p, headDim);
        }
        kernels.softmax(weights, first, position - first + 1);
        Arrays.fill(h, at, at + headDim, 0);
        for (int p = first, end; p <= position; p = end) {
            end = cache.endOfPage(p, position);
            float[] values = cache.values(layer, p); // [kvHeads][PAGE][headDim]
            kernels.addRows(weights, p, values, cache.offset(kvHead, p), headDim, end - p, h, at, headDim);
        }
    }
}
