package dev.sparsellm.kernels.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Passes a tensor's bytes on and sees that there are neither more nor fewer than it has. */
final class CountingChannel implements WritableByteChannel {

    private final WritableByteChannel out;
    private final String tensor;
    private final long expected;
    private long written;

    CountingChannel(WritableByteChannel out, String tensor, long expected) {
        this.out = out;
        this.tensor = tensor;
        this.expected = expected;
    }

    @Override
    public int write(ByteBuffer buffer) throws IOException {
        if (buffer.remaining() > expected - written) {
            throw new IllegalStateException(
                    "Tensor " + tensor + " has " + expected + " bytes, and its body wrote more");
        }
        int count = out.write(buffer);
        written += count;
        return count;
    }

    void checkComplete() {
        if (written != expected) {
            throw new IllegalStateException(
                    "Tensor " + tensor + " has " + expected + " bytes, and its body wrote " + written);
        }
    }

    @Override
    public boolean isOpen() {
        return out.isOpen();
    }

    /** Does nothing: the file is the writer's to close. */
    @Override
    public void close() {}
}
