package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Row products of matrices that several sessions multiply with, each made once: what a product finds out about its rows,
 * such as which of F16 hold infinities, it finds out once and not for every session. Safe for any thread. Holds whatever
 * it was asked for, so ask for a model's own matrices only, and drop it with the model.
 */
public final class SharedRows {

    private final Kernels kernels;
    private final Map<Tensor, RowProduct> products = new ConcurrentHashMap<>();

    /** None yet. */
    public SharedRows(Kernels kernels) {
        this.kernels = kernels;
    }

    /**
     * As {@link Kernels#rows}, but the same object for the same matrix.
     *
     * @throws IllegalArgumentException if the tensor's type has no kernel
     */
    public RowProduct of(Tensor weights) {
        return products.computeIfAbsent(weights, kernels::rows);
    }
}
