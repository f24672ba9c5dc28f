package dev.sparsellm.chess;

import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Keeps weights that have been repacked from being resident twice. What is written is computed with the repacked form;
 * a prompt is read with the host's exact operators, which read the file's. As soon as one of these is done with a matrix,
 * its pages are given back: of all of them only one layer's are there at a time. They stay in the system's page cache
 * while there is room, so that the next prompt finds them at the cost of page faults, under 1 % of reading it. Where an
 * operator does not skip what is left out, it is the other way round: the repacked form is not read again.
 */
final class Originals {

    private Originals() {}

    /** Gives pages of a mapped file back; other memory stays. */
    static void release(MemorySegment weights) {
        if (weights.isMapped()) {
            weights.unload();
        }
    }

    /** A projection whose matrix is given back after each prompt, not amid writing. */
    static Projection releasingAll(Projection exact, Tensor weights) {
        return (pass, x, y) -> {
            exact.apply(pass, x, y);
            releaseAfter(pass, weights);
        };
    }

    /** A feed-forward block whose down projection is given back likewise; the others are read while writing, too. */
    static FeedForward releasingDown(FeedForward exact, Tensor down) {
        return (pass, x, y) -> {
            exact.apply(pass, x, y);
            releaseAfter(pass, down);
        };
    }

    private static void releaseAfter(Pass pass, Tensor weights) {
        if (pass.phase() == Phase.PREFILL) {
            release(weights.data());
        }
    }
}
