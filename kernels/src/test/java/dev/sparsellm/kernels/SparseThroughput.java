package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Speed of the sparse kernels beside that of the dense one, by hand:
 * {@code SparseThroughput TYPES THREADS [ROWS COLUMNS [MEGABYTES [ROUNDS]]]}, the shape being that of down.
 *
 * <p>Prints dense-equivalent GB/s, bytes of the whole matrix as stored by the time, for spvmm and vmmsp at sparsity 0,
 * 0.5 and 0.7, and for the dense product. All take turns, so that what else the machine does hits all alike; time is
 * the CPU time of the slowest thread; medians. Linux only. Weights are rotated over more memory than caches hold.
 */
@SuppressWarnings("restricted")
public final class SparseThroughput {

    private static final double[] SPARSITIES = {0, 0.5, 0.7};
    private static final MethodHandle CLOCK_GETTIME = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    private static final ThreadLocal<MemorySegment> TIME =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(16, 8));

    private final int threads;
    private final int copies;
    private final int rounds;
    private final ChannelProduct[] channels;
    private final RowProduct[] rows;
    private final RowProduct[] upRows;
    private final double bytes;

    private SparseThroughput(TensorType type, int threads, int out, int in, double megabytes, int rounds, Arena arena) {
        this.threads = threads;
        this.rounds = rounds;
        bytes = out * (double) type.rowBytes(in);
        copies = (int) Math.max(1, Math.ceil(megabytes * 1e6 / bytes));
        channels = new ChannelProduct[copies];
        rows = new RowProduct[copies];
        upRows = new RowProduct[copies];
        Tensor down = new Tensor("down", type, out, in, arena.allocate((long) bytes, 64));
        RandomTensors.fill(type, down.data(), new SplittableRandom(1));
        MemorySegment repacked = arena.allocate(ChannelMajor.byteSize(down), 64);
        ChannelMajor.repack(down, repacked);
        Kernels kernels = KernelChoice.ofThisJvm().kernels();
        for (int m = 0; m < copies; m++) {
            MemorySegment copy = arena.allocate(repacked.byteSize(), 4096).copyFrom(repacked);
            channels[m] = kernels.channels(new ChannelMajor(type, out, in, copy));
            MemorySegment stored = arena.allocate(down.data().byteSize(), 4096).copyFrom(down.data());
            rows[m] = kernels.rows(new Tensor("down", type, out, in, stored));
            upRows[m] = kernels.rows(new Tensor("up", type, in, out, stored));
        }
    }

    public static void main(String[] args) throws Exception {
        int threads = Integer.parseInt(args[1]);
        int out = args.length > 2 ? Integer.parseInt(args[2]) : 4096;
        int in = args.length > 3 ? Integer.parseInt(args[3]) : 14336;
        double megabytes = args.length > 4 ? Double.parseDouble(args[4]) : 300;
        int rounds = args.length > 5 ? Integer.parseInt(args[5]) : 7;
        for (String type : args[0].split(",")) {
            try (Arena arena = Arena.ofShared()) {
                new SparseThroughput(TensorType.valueOf(type), threads, out, in, megabytes, rounds, arena).run(type);
            }
        }
    }

    private void run(String type) throws Exception {
        int modes = 2 * SPARSITIES.length + 1;
        double[][] seconds = new double[modes][rounds];
        double[] cpu = new double[threads];
        int[][] keptChannels = Arrays.stream(SPARSITIES).mapToObj(k -> kept(channels[0].columns(), k)).toArray(int[][]::new);
        int[][] keptRows = Arrays.stream(SPARSITIES).mapToObj(k -> kept(upRows[0].rows(), k)).toArray(int[][]::new);
        CyclicBarrier barrier = new CyclicBarrier(threads);
        float[] x = new float[Math.max(channels[0].columns(), rows[0].columns())];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) Math.sin(i);
        }
        try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int me = t;
                running.add(workers.submit(() -> {
                    Scratch scratch = new Scratch();
                    float[] y = new float[Math.max(channels[0].accumulatorLength(), upRows[0].rows())];
                    for (int round = -3; round < rounds; round++) {
                        for (int mode = 0; mode < modes; mode++) {
                            barrier.await();
                            long begin = cpuNanos();
                            for (int m = 0; m < copies; m++) {
                                one(mode, m, me, keptChannels, keptRows, x, y, scratch);
                            }
                            cpu[me] = (cpuNanos() - begin) / 1e9;
                            barrier.await();
                            if (me == 0 && round >= 0) {
                                seconds[mode][round] = Arrays.stream(cpu).max().getAsDouble();
                            }
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        }
        StringBuilder line = new StringBuilder("%-5s %d thread(s)".formatted(type, threads));
        double dense = speed(seconds[modes - 1]);
        line.append("  dense %5.1f GB/s".formatted(dense));
        for (int mode = 0; mode < modes - 1; mode++) {
            line.append(mode % SPARSITIES.length == 0 ? mode == 0 ? "  spvmm" : "  vmmsp" : "");
            double speed = speed(seconds[mode]);
            line.append("  k=%.1f %5.1f (%.2fx)".formatted(SPARSITIES[mode % SPARSITIES.length], speed, speed / dense));
        }
        System.out.println(line);
    }

    private void one(
            int mode, int m, int part, int[][] keptChannels, int[][] keptRows, float[] x, float[] y, Scratch scratch) {
        if (mode < SPARSITIES.length) {
            int[] kept = keptChannels[mode];
            ChannelProduct product = channels[m];
            int from = product.cut(kept, kept.length, part, threads);
            int to = product.cut(kept, kept.length, part + 1, threads);
            product.accumulate(x, 0, kept, from, to, y, 0, scratch);
        } else if (mode < 2 * SPARSITIES.length) {
            int[] kept = keptRows[mode - SPARSITIES.length];
            int from = kept.length * part / threads;
            int to = kept.length * (part + 1) / threads;
            upRows[m].multiplyRows(x, 0, y, 0, kept, from, to, scratch);
        } else {
            int n = rows[m].rows();
            rows[m].multiply(x, 1, y, n, n * part / threads, n * (part + 1) / threads, scratch);
        }
    }

    /** Linux's clock of the calling thread. */
    private static long cpuNanos() {
        try {
            if ((int) CLOCK_GETTIME.invokeExact(3, TIME.get()) != 0) {
                return System.nanoTime();
            }
            return TIME.get().get(ValueLayout.JAVA_LONG, 0) * 1_000_000_000
                    + TIME.get().get(ValueLayout.JAVA_LONG, 8);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private double speed(double[] seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        return bytes * copies / sorted[sorted.length / 2] / 1e9;
    }

    private static int[] kept(int n, double sparsity) {
        SplittableRandom random = new SplittableRandom(9);
        return IntStream.range(0, n).filter(i -> random.nextDouble() >= sparsity).toArray();
    }
}
