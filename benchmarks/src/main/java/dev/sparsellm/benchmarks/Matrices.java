package dev.sparsellm.benchmarks;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.kernels.ChannelProduct;
import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Many matrices of one shape, to be multiplied with in turn: together more than the last cache holds, so that memory is
 * what is read.
 *
 * @param bytes of one matrix as stored
 * @param count how many
 */
record Matrices(Tensor first, int rows, int columns, long bytes, int count, Arena arena, Kernels kernels)
        implements AutoCloseable {

    /** Of all matrices of a benchmark together: more than twice 480 MB, the largest last-level cache met so far. */
    static final String MEGABYTES = "1200";

    private static final Pattern SHAPE = Pattern.compile("(\\d+)x(\\d+)");

    /**
     * @param shape such as {@code 8192x2048}: rows, which are outputs, and columns
     * @param megabytes that all take together, at least
     */
    static Matrices of(TensorType type, String shape, int megabytes) {
        Matcher matcher = SHAPE.matcher(shape);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("The shape '" + shape + "' is not ROWSxCOLUMNS, such as 8192x2048");
        }
        int rows = Integer.parseInt(matcher.group(1));
        int columns = Integer.parseInt(matcher.group(2));
        long bytes = rows * type.rowBytes(columns);
        int count = (int) Math.max(1, Math.ceilDiv(megabytes * 1_000_000L, bytes));
        KernelChoice choice = KernelChoice.ofThisJvm();
        if (!choice.warning().isEmpty()) {
            throw new IllegalStateException(choice.warning());
        }
        Arena arena = Arena.ofShared();
        MemorySegment data = arena.allocate(bytes, 64);
        RandomWeights.fill(type, data, new SplittableRandom(1));
        Tensor first = new Tensor("benchmark", type, rows, columns, data);
        return new Matrices(first, rows, columns, bytes, count, arena, choice.kernels());
    }

    /** As stored in a model's file. */
    RowProduct[] rowProducts() {
        return IntStream.range(0, count)
                .mapToObj(i -> kernels.rows(new Tensor("benchmark", first.type(), rows, columns, copy(first.data()))))
                .toArray(RowProduct[]::new);
    }

    /** Repacked, channel by channel. */
    ChannelProduct[] channelProducts() {
        MemorySegment repacked = arena.allocate(ChannelMajor.byteSize(first), 64);
        ChannelMajor.repack(first, repacked);
        return IntStream.range(0, count)
                .mapToObj(i -> kernels.channels(new ChannelMajor(first.type(), rows, columns, copy(repacked))))
                .toArray(ChannelProduct[]::new);
    }

    /** Bytes of one matrix that must be read for some of its rows. */
    long bytesOfRows(int kept) {
        return bytes / rows * kept;
    }

    /** Bytes of one repacked matrix that must be read for some of its channels. */
    long bytesOfChannels(int kept) {
        MemorySegment unread = arena.allocate(ChannelMajor.byteSize(first), 64);
        return kernels.channels(new ChannelMajor(first.type(), rows, columns, unread)).bytesRead(kept);
    }

    /** How many of {@code n} are kept. */
    static int keep(int n, double sparsity) {
        return (int) Math.round(n * (1 - sparsity));
    }

    private MemorySegment copy(MemorySegment data) {
        return arena.allocate(data.byteSize(), 4096).copyFrom(data);
    }

    /** For each matrix which of {@code n} rows or channels are kept, drawn anew: exactly a share of them, ascending. */
    int[][] kept(int n, double sparsity) {
        SplittableRandom random = new SplittableRandom(9);
        int keep = keep(n, sparsity);
        int[][] kept = new int[count][];
        for (int m = 0; m < count; m++) {
            int[] all = IntStream.range(0, n).toArray();
            for (int i = 0; i < keep; i++) {
                int j = random.nextInt(i, n);
                int swapped = all[i];
                all[i] = all[j];
                all[j] = swapped;
            }
            kept[m] = Arrays.copyOf(all, keep);
            Arrays.sort(kept[m]);
        }
        return kept;
    }

    @Override
    public void close() {
        arena.close();
    }
}
