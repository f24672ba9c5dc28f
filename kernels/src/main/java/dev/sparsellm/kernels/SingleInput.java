package dev.sparsellm.kernels;

import dev.sparsellm.spi.TensorType;

/**
 * One x, and what kernels make of it before they multiply it with rows of one type, once for all rows: {@link #set} it,
 * have it prepared by {@link RowProduct#prepare}, then multiply as often as need be. (Made anew for each part of 64 rows,
 * it took a tenth of Q4_0's time.) The memory stays for the next x.
 *
 * <p>Threads may multiply at the same time, but only one may set and prepare, before them.
 */
public final class SingleInput {

    private float[] x = new float[0];
    private int offset;
    private TensorType preparedFor;
    private int preparedColumns;
    private float[] prepared = new float[0];

    /** Empty. */
    public SingleInput() {}

    /** One that is set. */
    public static SingleInput of(float[] x, int offset) {
        SingleInput input = new SingleInput();
        input.set(x, offset);
        return input;
    }

    /** Takes the x that begins at {@code x[offset]}, unprepared; once prepared it must not change. */
    public void set(float[] x, int offset) {
        this.x = x;
        this.offset = offset;
        preparedFor = null;
    }

    float[] x() {
        return x;
    }

    int offset() {
        return offset;
    }

    /** Whether {@link #prepared} is what kernels of this type take for so many columns. */
    boolean isPreparedFor(TensorType type, int columns) {
        return preparedFor == type && preparedColumns == columns;
    }

    /** Room for that, which the caller fills. */
    float[] roomFor(TensorType type, int columns, int length) {
        int withMargin = length + Scratch.MARGIN; // behind may lie what another thread writes all the time
        if (prepared.length < withMargin) {
            prepared = new float[withMargin];
        }
        preparedFor = type;
        preparedColumns = columns;
        return prepared;
    }

    /** What was made, from 0 on. */
    float[] prepared() {
        return prepared;
    }
}
