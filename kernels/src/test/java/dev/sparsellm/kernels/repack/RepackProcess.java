package dev.sparsellm.kernels.repack;

import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.WorkerGroup;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Another JVM that uses the cache in the directory named by its argument, and says what it did. */
final class RepackProcess {

    private RepackProcess() {}

    static List<Tensor> tensors(int count, int rows) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    TensorType type = i % 2 == 0 ? TensorType.Q8_0 : TensorType.Q4_0;
                    byte[] data = new byte[Math.toIntExact(rows * type.rowBytes(1024))];
                    new SplittableRandom(i).nextBytes(data);
                    return new Tensor("blk." + i, type, rows, 1024, MemorySegment.ofArray(data));
                })
                .toList();
    }

    /** Runs parts one after another, as many threads as there are said to be. */
    static WorkerGroup alone(int threads) {
        return new WorkerGroup() {
            @Override
            public int threads() {
                return threads;
            }

            @Override
            public void run(int parts, Task task) {
                for (int part = 0; part < parts; part++) {
                    task.run(part, 0);
                }
            }
        };
    }

    public static void main(String[] args) {
        ProgressSink progress = (what, total) -> {
            System.out.println(what);
            return done -> {};
        };
        List<Tensor> tensors = tensors(8, 2048);
        RepackCache cache = new RepackCache(Path.of(args[0]), alone(1), progress, m -> System.out.println("NOTICE " + m));
        try (RepackedWeights weights = cache.open("two", tensors)) {
            long sum = tensors.stream()
                    .mapToLong(t -> RepackFile.checksum(weights.of(t).data()))
                    .sum();
            System.out.println(weights.file().isPresent() + " " + sum);
        }
    }
}
