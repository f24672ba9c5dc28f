package dev.sparsellm.conformance.ours;

import dev.sparsellm.conformance.Capabilities;
import dev.sparsellm.conformance.OperatorProviderConformance;
import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.runtime.dense.DenseProvider;
import dev.sparsellm.runtime.dense.ModelDenseOperators;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.testing.EveryWidth;
import java.util.EnumSet;

/** The reference runtime's dense operators. */
@EveryWidth
class DenseConformanceTest extends OperatorProviderConformance {

    @Override
    protected OperatorProvider provider() {
        return new DenseProvider();
    }

    @Override
    protected Capabilities capabilities() {
        return Capabilities.of(EnumSet.complementOf(EnumSet.of(OperatorKind.ACTIVATION)));
    }

    @Override
    protected DenseOperators dense(ModelDescription model, DenseOperators ofKit) {
        return new ModelDenseOperators(KernelChoice.ofThisJvm().kernels(), model);
    }
}
