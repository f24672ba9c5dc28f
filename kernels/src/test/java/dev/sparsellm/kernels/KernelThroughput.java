package dev.sparsellm.kernels;

import com.sun.management.ThreadMXBean;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Rough figures on one thread, by its CPU time:
 * {@code java … dev.sparsellm.kernels.KernelThroughput [decode|prefill|scalar] [TYPE…]}. Decode reads 384 MiB of
 * weights in turn ({@code -Dmegabytes}), more than caches hold, and prints stored bytes per second; prefill has a batch
 * of 64 and prints 2 · rows · columns · batch operations per second. Bytes allocated per call tell whether C2 kept
 * vectors in registers: it goes on for up to 20 seconds until they are next to none.
 */
public final class KernelThroughput {

    private static final int COLUMNS = 2048;
    private static final long WORKING_SET = Long.getLong("megabytes", 384) << 20;
    private static final int BATCH = 64;

    private KernelThroughput() {}

    public static void main(String[] args) {
        String what = args.length == 0 ? "decode" : args[0];
        List<TensorType> types = args.length < 2
                ? TestWeights.TYPES
                : Arrays.stream(args).skip(1).map(TensorType::valueOf).toList();
        Kernels kernels = what.equals("scalar") ? KernelChoice.SCALAR : KernelChoice.ofThisJvm().kernels();
        System.out.println(kernels.name() + ", " + what);
        for (TensorType type : types) {
            try (Arena arena = Arena.ofShared()) {
                measure(kernels, type, what.equals("prefill"), arena);
            }
        }
    }

    private static void measure(Kernels kernels, TensorType type, boolean prefill, Arena arena) {
        int rows = 2048;
        long bytes = rows * type.rowBytes(COLUMNS);
        int count = prefill ? 4 : (int) (WORKING_SET / bytes);
        List<RowProduct> products = new ArrayList<>();
        Random random = new Random(1);
        MemorySegment first = null;
        for (int i = 0; i < count; i++) {
            MemorySegment data = arena.allocate(bytes, 64);
            if (i == 0) {
                TestWeights.fill(data, type, random);
            } else {
                data.copyFrom(first);
            }
            first = i == 0 ? data : first;
            products.add(kernels.rows(new Tensor("w" + i, type, rows, COLUMNS, data)));
        }
        int batch = prefill ? BATCH : 1;
        float[] x = new float[batch * COLUMNS];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat() - 0.5f;
        }
        float[] y = new float[batch * rows];
        Scratch scratch = new Scratch();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<Double> seconds = new ArrayList<>();
        long allocated = 0;
        long giveUp = System.nanoTime() + 20_000_000_000L;
        for (int round = 0; round < 5 || allocated > 64 && System.nanoTime() < giveUp; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long start = threads.getCurrentThreadCpuTime();
            for (RowProduct product : products) {
                product.multiply(x, batch, y, rows, 0, rows, scratch);
            }
            seconds.add((threads.getCurrentThreadCpuTime() - start) * 1e-9 / count);
            allocated = (threads.getCurrentThreadAllocatedBytes() - before) / count;
        }
        seconds.subList(0, seconds.size() - 3).clear();
        seconds.sort(null);
        double median = seconds.get(seconds.size() / 2);
        if (prefill) {
            double operations = 2.0 * rows * COLUMNS * batch;
            System.out.printf("%-5s %7.1f GFLOP/s  (best %.1f)  %d B allocated per call%n",
                    type, operations / median * 1e-9, operations / seconds.getFirst() * 1e-9, allocated);
        } else {
            System.out.printf("%-5s %6.2f GB/s  (best %.2f)  %6.2f Gweights/s  %d B allocated per call%n",
                    type, bytes / median * 1e-9, bytes / seconds.getFirst() * 1e-9,
                    (double) rows * COLUMNS / median * 1e-9, allocated);
        }
    }
}
