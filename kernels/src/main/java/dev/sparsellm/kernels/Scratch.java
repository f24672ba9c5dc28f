package dev.sparsellm.kernels;

/** Working memory for one thread: grows to the largest size asked for, then stays. Not safe for several threads. */
public final class Scratch {

    private float[] floats = new float[0];

    /** Empty at first. */
    public Scratch() {}

    /** At least {@code length} floats of any content, the same array each time once it is large enough. */
    public float[] floats(int length) {
        if (floats.length < length) {
            floats = new float[length];
        }
        return floats;
    }
}
