package dev.sparsellm.runtime.llama;

/**
 * Rotary position embeddings (Su et al., 2021) in the pairing of GGUF's {@code llama}: channels 2i and 2i+1 of a head
 * turn by {@code position / scale · θ^(−2i / d) / factor_i}.
 */
final class Rope {

    private final int pairs;
    private final int headDim;
    private final float[] cos; // [positions][pairs]
    private final float[] sin; // [positions][pairs]

    /** Tables for positions 0 .. {@code positions}. */
    Rope(LlamaConfig config, float[] factors, int positions) {
        pairs = config.ropeDimensions() / 2;
        headDim = config.shape().headDim();
        cos = new float[positions * pairs];
        sin = new float[positions * pairs];
        for (int i = 0; i < pairs; i++) {
            double frequency = Math.pow(config.ropeBase(), -2.0 * i / config.ropeDimensions()) / factors[i];
            for (int p = 0; p < positions; p++) {
                double angle = p / config.ropeScale() * frequency;
                cos[p * pairs + i] = (float) Math.cos(angle);
                sin[p * pairs + i] = (float) Math.sin(angle);
            }
        }
    }

    /** Turns {@code heads} heads that begin at {@code x[offset]} by the angles of a position, in place. */
    void rotate(float[] x, int offset, int heads, int position) {
        int table = position * pairs;
        for (int head = 0; head < heads; head++) {
            int at = offset + head * headDim;
            for (int i = 0; i < pairs; i++) {
                float even = x[at + 2 * i];
                float odd = x[at + 2 * i + 1];
                float c = cos[table + i];
                float s = sin[table + i];
                x[at + 2 * i] = even * c - odd * s;
                x[at + 2 * i + 1] = even * s + odd * c;
            }
        }
    }
}
