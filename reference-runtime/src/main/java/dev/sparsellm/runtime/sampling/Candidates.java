package dev.sparsellm.runtime.sampling;

/**
 * The tokens that can still be chosen. Every truncation keeps the likeliest ones, so those kept are always the first of
 * all tokens in order of falling logits, of equal ones the lower id first.
 *
 * <p>The order is made only as far as it is needed. The arrays begin with a heap, likeliest token at its root; taking
 * the root puts it behind the heap's end. So the order stands at the arrays' end, back to front, and the tokens kept
 * are the last {@code kept} entries whether all of them are in order yet or not.
 */
final class Candidates {

    private final int[] ids;      // [vocabulary]
    private final float[] logits; // [vocabulary] beside ids
    private int heap;             // entries that are not in order
    private int kept;

    Candidates(int vocabularySize) {
        ids = new int[vocabularySize];
        logits = new float[vocabularySize];
    }

    /** Gives a token its logit. All tokens must be given theirs, in any order, and then {@link #begin} be called. */
    void set(int id, float logit) {
        ids[id] = id;
        logits[id] = logit;
    }

    /** Starts with all tokens kept. */
    void begin() {
        heap = ids.length;
        kept = ids.length;
        for (int i = heap / 2 - 1; i >= 0; i--) {
            sink(i);
        }
        order(1);
    }

    /** How many tokens are kept. */
    int size() {
        return kept;
    }

    /** One of the tokens kept: 0 is the likeliest; the others are in order as far as a truncation had to look. */
    int id(int place) {
        return ids[ids.length - 1 - place];
    }

    float logit(int place) {
        return logits[logits.length - 1 - place];
    }

    /** Keeps the k likeliest tokens: top-k. */
    void keepCount(int k) {
        kept = Math.min(kept, k);
        order(kept);
    }

    /** Keeps the fewest likeliest tokens whose share in the probability of all kept so far is at least p: top-p. */
    void keepMass(double p) {
        double total = 0;
        for (int place = 0; place < kept; place++) {
            total += weight(place);
        }
        double mass = 0;
        int count = 0;
        while (count < kept && mass < p * total) {
            order(count + 1);
            mass += weight(count);
            count++;
        }
        kept = count;
    }

    /** Keeps the tokens whose probability is at least p times the likeliest one's: min-p. */
    void keepShare(double p) {
        double least = logit(0) + Math.log(p);
        int count = 1;
        while (count < kept) {
            order(count + 1);
            if (logit(count) < least) {
                break;
            }
            count++;
        }
        kept = count;
    }

    /** The token's probability, as a multiple of the likeliest one's. */
    private double weight(int place) {
        return Math.exp((double) logit(place) - logit(0));
    }

    /** Puts the likeliest tokens in order, up to this many. */
    private void order(int count) {
        while (ids.length - heap < count) {
            heap--;
            swap(0, heap);
            sink(0);
        }
    }

    private void sink(int from) {
        int parent = from;
        for (int child = 2 * parent + 1; child < heap; child = 2 * parent + 1) {
            if (child + 1 < heap && before(child + 1, child)) {
                child++;
            }
            if (before(parent, child)) {
                break;
            }
            swap(parent, child);
            parent = child;
        }
    }

    private boolean before(int a, int b) {
        return logits[a] > logits[b] || logits[a] == logits[b] && ids[a] < ids[b];
    }

    private void swap(int a, int b) {
        int id = ids[a];
        ids[a] = ids[b];
        ids[b] = id;
        float logit = logits[a];
        logits[a] = logits[b];
        logits[b] = logit;
    }
}
