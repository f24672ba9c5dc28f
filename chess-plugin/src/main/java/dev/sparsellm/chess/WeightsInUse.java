package dev.sparsellm.chess;

import dev.sparsellm.kernels.repack.RepackedWeights;
import dev.sparsellm.spi.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Repacked weights that lineups of one model share, such as the levels of a sweep. If each had its own, they would be
 * checked, and count as resident, as many times as there are lineups: six levels of a 1B model in Q8_0 took 2.2 GiB in
 * place of 420 MiB. Safe for any thread; while one repacks, others wait.
 */
final class WeightsInUse {

    private final List<Shared> open = new ArrayList<>();

    /** One set of weights, and how many use it. */
    private static final class Shared {

        private final Path directory;
        private final String fingerprint;
        private final Set<String> names;
        private final RepackedWeights weights;
        private int users;

        Shared(Path directory, String fingerprint, Set<String> names, RepackedWeights weights) {
            this.directory = directory;
            this.fingerprint = fingerprint;
            this.names = names;
            this.weights = weights;
        }

        boolean serves(Path where, String model, Set<String> wanted) {
            return directory.equals(where) && fingerprint.equals(model) && names.containsAll(wanted);
        }
    }

    /** Weights to use until they are given back, which is to be done once. */
    record Lease(RepackedWeights weights, Runnable giveBack) {}

    /**
     * Weights that hold these tensors: those in use already, or else new ones.
     *
     * @param directory where they are cached
     * @param fingerprint the model's
     * @param opener called at most once, now
     */
    synchronized Lease take(
            Path directory, String fingerprint, List<Tensor> tensors, Supplier<RepackedWeights> opener) {
        Set<String> names = tensors.stream().map(Tensor::name).collect(Collectors.toUnmodifiableSet());
        Shared found = open.stream()
                .filter(shared -> shared.serves(directory, fingerprint, names))
                .findFirst()
                .orElse(null);
        if (found == null) {
            found = new Shared(directory, fingerprint, names, opener.get());
            open.add(found);
        }
        found.users++;
        Shared shared = found;
        return new Lease(shared.weights, () -> giveBack(shared));
    }

    private synchronized void giveBack(Shared shared) {
        if (--shared.users == 0) {
            open.remove(shared);
            shared.weights.close();
        }
    }
}
