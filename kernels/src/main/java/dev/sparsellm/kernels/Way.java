package dev.sparsellm.kernels;

/**
 * One way to multiply the rows of a type. All ways of a type have the same bits; where it has several, {@link WayTrial} finds out
 * which is the fastest on this machine.
 *
 * @param blockBytes bytes of the rows that are multiplied before the next ones are: the four rows side by side lie a fourth of it apart
 * @param bySteps whether by {@link VectorFormat#fourBySteps}; else by {@link VectorFormat#dot4}
 */
record Way(long blockBytes, boolean bySteps) {

    /** All rows of a range in one block. */
    static Way whole(boolean bySteps) {
        return new Way(Long.MAX_VALUE, bySteps);
    }
}
