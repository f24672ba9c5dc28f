package dev.sparsellm.benchmarks.endtoend;

import java.util.List;
import java.util.stream.Stream;

/**
 * One of our own ways to run a model.
 *
 * @param name for the table
 * @param preference as {@code --provider} takes it
 */
record Entrant(String name, String preference) {

    /** All others are compared with it. */
    static final Entrant DENSE = new Entrant("dense", "dense");

    /** In a short run. */
    static final List<Entrant> FEW = List.of(
            DENSE,
            chess("CHESS w/o, k = 0.5", "method=chess:sparsity=0.5:attention=false"),
            chess("CHESS w/, k = 0.5", "method=chess:sparsity=0.5"),
            chess("chess+, k = 0.5", "method=chess+:sparsity=0.5"),
            chess("CHESS w/, k = 0.7, attention 0.5", "method=chess:sparsity=0.7:attention.sparsity=0.5"));

    /** In a full run; the last three must not be slower than dense. */
    static final List<Entrant> ALL = Stream.concat(FEW.stream(), Stream.of(
                    chess("CHESS w/o, k = 0.7", "method=chess:sparsity=0.7:attention=false"),
                    chess("chess+, k = 0.7, attention 0.5", "method=chess+:sparsity=0.7:attention.sparsity=0.5"),
                    chess("CHESS w/, k = 0", "method=chess:sparsity=0"),
                    chess("CHESS w/, k = 0.1", "method=chess:sparsity=0.1"),
                    chess("CHESS w/, k = 0.2", "method=chess:sparsity=0.2")))
            .toList();

    private static Entrant chess(String name, String settings) {
        return new Entrant(name, "chess:" + settings);
    }
}
