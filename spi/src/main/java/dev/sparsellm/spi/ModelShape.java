package dev.sparsellm.spi;

/**
 * The dimensions of a decoder.
 *
 * @param layers transformer blocks
 * @param dim width of the residual stream
 * @param ffn hidden channels of a feed-forward block
 * @param heads query heads
 * @param kvHeads key and value heads, a divisor of {@code heads}
 * @param headDim channels of a head; queries have {@code heads · headDim} channels, which may differ from {@code dim}
 * @param vocab tokens, the rows of the output head
 * @param contextLength positions the model was made for
 */
public record ModelShape(
        int layers, int dim, int ffn, int heads, int kvHeads, int headDim, int vocab, int contextLength) {}
