package dev.sparsellm.chess;

import dev.sparsellm.spi.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A tensor of a profile about to be written.
 *
 * @param dimensions innermost first
 * @param length elements
 * @param source puts elements into a buffer
 */
record ProfileTensor(String name, TensorType type, List<Long> dimensions, int length, Source source) {

    private static final int ELEMENTS_AT_A_TIME = 8192;

    /** Puts elements [from, to) into a buffer. */
    interface Source {
        void put(ByteBuffer buffer, int from, int to);
    }

    /** Receives bytes. */
    interface Sink<E extends Exception> {
        void accept(ByteBuffer bytes) throws E;
    }

    static ProfileTensor of(String name, List<Long> dimensions, int[] values) {
        return new ProfileTensor(name, TensorType.I32, dimensions, values.length, (buffer, from, to) -> {
            for (int i = from; i < to; i++) {
                buffer.putInt(values[i]);
            }
        });
    }

    static ProfileTensor of(String name, List<Long> dimensions, long[] values) {
        return new ProfileTensor(name, TensorType.I64, dimensions, values.length, (buffer, from, to) -> {
            for (int i = from; i < to; i++) {
                buffer.putLong(values[i]);
            }
        });
    }

    static ProfileTensor of(String name, List<Long> dimensions, float[] values) {
        return new ProfileTensor(name, TensorType.F32, dimensions, values.length, (buffer, from, to) -> {
            for (int i = from; i < to; i++) {
                buffer.putFloat(values[i]);
            }
        });
    }

    /** Hands over all bytes, little-endian, piece by piece. */
    <E extends Exception> void writeTo(Sink<E> sink) throws E {
        ByteBuffer buffer =
                ByteBuffer.allocate(ELEMENTS_AT_A_TIME * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < length; from += ELEMENTS_AT_A_TIME) {
            source.put(buffer.clear(), from, Math.min(length, from + ELEMENTS_AT_A_TIME));
            sink.accept(buffer.flip());
        }
    }
}
