package dev.sparsellm.runtime.synthetic;

import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

/**
 * Fills tensors of any size from one pool of random blocks. A tensor that fits in the pool gets blocks of it that
 * follow each other, a larger one short stretches from anywhere: rows differ, and writing runs at the speed of copying
 * rather than that of drawing billions of random numbers.
 */
final class BlockPool {

    private static final int MAX_POOL_BYTES = 4 << 20;
    private static final int BUFFER_BYTES = 4 << 20;
    private static final int STRETCH_WEIGHTS = 512;

    private final byte[] pool;
    private final int blockBytes;
    private final int stretchBytes;

    /** @param largest bytes of the largest tensor to be filled */
    BlockPool(TensorType type, double deviation, long largest, RandomGenerator random) {
        blockBytes = type.blockBytes();
        stretchBytes = STRETCH_WEIGHTS / type.blockSize() * blockBytes;
        int poolBytes = (int) Math.min(MAX_POOL_BYTES, 4 * largest);
        pool = new RandomBlocks(type, deviation, random).blocks(poolBytes / blockBytes);
    }

    /** Writes {@code bytes} bytes, whole blocks; says after every few megabytes how many went. */
    void write(long bytes, RandomGenerator random, WritableByteChannel channel, LongConsumer written)
            throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER_BYTES / blockBytes * blockBytes, bytes));
        int stretch = bytes <= pool.length ? (int) bytes : stretchBytes;
        long made = 0;
        while (made < bytes) {
            while (made < bytes && buffer.hasRemaining()) {
                int length = (int) Math.min(Math.min(stretch, buffer.remaining()), bytes - made);
                int start = random.nextInt((pool.length - length) / blockBytes + 1) * blockBytes;
                buffer.put(pool, start, length);
                made += length;
            }
            int count = buffer.flip().remaining();
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            buffer.clear();
            written.accept(count);
        }
    }
}
