package dev.sparsellm.kernels;

/** Working memory for one thread: grows to the largest size asked for, then stays. Not safe for several threads. */
public final class Scratch {

    /**
     * Numbers left free behind the arrays of this class, and in front of those for rows, where this is the first index in use.
     * What a thread writes at every row must not share a line of the cache with what others read at every row, and the garbage
     * collector moves arrays next to each other as it pleases: prepared x and the sums of the first thread were neighbours, and
     * rows took 1.15 times as long on both. 128 bytes, since some processors move lines in pairs. (Not in front of what loops
     * over channels index: C2 then put more checks into them, 0.88 of the speed.)
     */
    static final int MARGIN = 32;

    /** Where the codes of a bunch of channels begin, and what each is multiplied with. */
    final long[] lines = new long[Reading.MOST_CHANNELS + MARGIN];

    final float[] factors = new float[Reading.MOST_CHANNELS + MARGIN];

    final float[] sums = new float[ChannelSteps.MOST_SUMS + MARGIN];

    /** Rows multiplied side by side, and what was loaded of them ahead; where they begin. */
    final int[] rows = new int[MARGIN + 9 + MARGIN];

    final long[] starts = new long[MARGIN + 8 + MARGIN];

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

    /**
     * At least {@code length} floats of any content, the same array each time once it is large enough. What is written at
     * every row should lie from {@link #MARGIN} on; behind it, room is left here.
     */
    public float[] floats(int length) {
        if (floats.length < length + MARGIN) {
            floats = new float[length + MARGIN];
        }
        return floats;
    }

    /** An x of this thread's own: one that the caller has not prepared. */
    SingleInput single() {
        return single;
    }
}
