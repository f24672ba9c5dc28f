package dev.sparsellm.kernels;

/** Working memory for one thread: grows to the largest size asked for, then stays. Not safe for several threads. */
public final class Scratch {

    /** Where the codes of a bunch of channels begin, and what each is multiplied with. */
    final long[] lines = new long[ChannelSteps.STREAMS_OF_CODES];

    final float[] factors = new float[ChannelSteps.STREAMS_OF_CODES];

    final float[] sums = new float[ChannelSteps.MOST_SUMS];

    /** Rows multiplied side by side, and where they begin. */
    final int[] rows = new int[4];

    final long[] starts = new long[4];

    private float[] floats = new float[0];

    private final SingleInput single = new SingleInput();

    private BatchedInput vectorInput;

    /** Empty at first. */
    public Scratch() {}

    /** Where vector kernels lay a batch that nobody else has laid. */
    BatchedInput vectorInput() {
        if (vectorInput == null) {
            vectorInput = VectorGemm.input();
        }
        return vectorInput;
    }

    /** At least {@code length} floats of any content, the same array each time once it is large enough. */
    public float[] floats(int length) {
        if (floats.length < length) {
            floats = new float[length];
        }
        return floats;
    }

    /** An x of this thread's own: one that the caller has not prepared. */
    SingleInput single() {
        return single;
    }
}
