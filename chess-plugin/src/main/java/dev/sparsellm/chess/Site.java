package dev.sparsellm.chess;

import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Tensor;
import java.util.Arrays;
import java.util.Optional;

/** A place in a layer where channels can be left out: the input of one weight matrix. */
enum Site {
    /** The hidden channels of the feed-forward block, {@code SiLU(gate·x) ⊙ up·x}, chosen by the gate. */
    FEED_FORWARD("ffn", OperatorKind.FEED_FORWARD, new Grid(1, -5, 3)),
    /** The normed residual stream, as read by the query projection only. */
    QUERY("attn_q", OperatorKind.ATTENTION_QUERY, new Grid(1, -13, 3)),
    /** The outputs of the heads, one after another. */
    OUTPUT("attn_output", OperatorKind.ATTENTION_OUTPUT, new Grid(1, -13, 3));

    /** The finest resolution of statistics. */
    static final int FINEST = 8;

    private final String key;
    private final OperatorKind kind;
    private final Grid coarsest;

    Site(String key, OperatorKind kind, Grid coarsest) {
        this.key = key;
        this.kind = kind;
        this.coarsest = coarsest;
    }

    /** The name in files and listings. */
    String key() {
        return key;
    }

    /** The operator that reads this place. */
    OperatorKind kind() {
        return kind;
    }

    /** The place an operator reads. */
    static Optional<Site> of(OperatorKind kind) {
        return Arrays.stream(values()).filter(site -> site.kind == kind).findFirst();
    }

    /**
     * The bins of its statistics. Inputs of Q and O get finer ones while a profile stays small: those of the first
     * layer take no more values than there are tokens.
     *
     * @param resolution from 0 to {@link #FINEST}
     */
    Grid grid(int resolution) {
        int octaveBits = this == FEED_FORWARD ? Math.max(Math.min(resolution, 1), resolution - 1) : resolution;
        return new Grid(octaveBits, coarsest.minExponent(), coarsest.maxExponent());
    }

    /** Bytes of weights that the exact operator reads. */
    long bytes(LayerWeights layer) {
        long bytes = weights(layer).data().byteSize();
        return this == FEED_FORWARD
                ? layer.gate().data().byteSize() + layer.up().data().byteSize() + bytes
                : bytes;
    }

    /** The matrix whose columns belong to the channels. */
    Tensor weights(LayerWeights layer) {
        return switch (this) {
            case FEED_FORWARD -> layer.down();
            case QUERY -> layer.query();
            case OUTPUT -> layer.attentionOutput();
        };
    }

    /** The matrix whose columns belong to the channels of an operator that reads a place. */
    static Tensor weights(ModelDescription model, OperatorKey key) {
        return of(key.kind()).orElseThrow().weights(model.layers().get(key.layer()));
    }
}
