package dev.sparsellm.runtime.llama;

import dev.sparsellm.spi.ModelShape;

/**
 * Keys and values of the positions read so far, in pages that appear when they are needed: a long context costs memory
 * only as far as it is used. One session's; not safe for several writers.
 */
final class KvCache {

    /** Positions on a page. */
    static final int PAGE = 256;

    private final ModelShape shape;
    private final float[][][] keys; // [layers][pages][kvHeads · PAGE · headDim]
    private final float[][][] values; // [layers][pages][kvHeads · PAGE · headDim]

    KvCache(ModelShape shape, int positions) {
        this.shape = shape;
        int pages = Math.ceilDiv(positions, PAGE);
        keys = new float[shape.layers()][pages][];
        values = new float[shape.layers()][pages][];
    }

    /** Takes the heads of one position, which begin at {@code k[offset]} and {@code v[offset]}. */
    void put(int layer, int position, float[] k, float[] v, int offset) {
        int page = position / PAGE;
        if (keys[layer][page] == null) {
            keys[layer][page] = new float[shape.kvHeads() * PAGE * shape.headDim()];
            values[layer][page] = new float[shape.kvHeads() * PAGE * shape.headDim()];
        }
        for (int head = 0; head < shape.kvHeads(); head++) {
            int from = offset + head * shape.headDim();
            int to = offset(head, position);
            System.arraycopy(k, from, keys[layer][page], to, shape.headDim());
            System.arraycopy(v, from, values[layer][page], to, shape.headDim());
        }
    }

    /** The page that holds a position's keys; the head's channels begin at {@link #offset}. */
    float[] keys(int layer, int position) {
        return keys[layer][position / PAGE];
    }

    /** The page that holds a position's values; the head's channels begin at {@link #offset}. */
    float[] values(int layer, int position) {
        return values[layer][position / PAGE];
    }

    /** Behind the last position on the page of {@code position}, but not behind that after {@code last}. */
    int endOfPage(int position, int last) {
        return Math.min(position - position % PAGE + PAGE, last + 1);
    }

    /** Where a head's channels begin on the page of a position; those of the next one follow. */
    int offset(int head, int position) {
        return (head * PAGE + position % PAGE) * shape.headDim();
    }
}
