package dev.sparsellm.benchmarks;

import dev.sparsellm.spi.TensorType;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What one product with one matrix takes. Not counted while it runs: JMH's counters include the calls made while threads
 * wait for each other, outside the time that is measured.
 *
 * @param kernel the benchmark's name
 * @param bytes of the whole matrix as stored
 * @param neededBytes of the weights that are not left out, with all scales that go with them
 * @param operations multiplications and additions with the weights that are not left out
 */
record Work(String kernel, long bytes, long neededBytes, double operations) {

    static Work of(BenchmarkParams params) {
        String[] name = params.getBenchmark().split("\\.");
        String kernel = name[name.length - 2];
        boolean sparse = params.getParamsKeys().contains("sparsity");
        double sparsity = sparse ? Double.parseDouble(params.getParam("sparsity")) : 0;
        boolean batched = params.getParamsKeys().contains("batch");
        int batch = batched ? Integer.parseInt(params.getParam("batch")) : 1;
        try (Matrices one = Matrices.of(TensorType.valueOf(params.getParam("type")), params.getParam("shape"), 0)) {
            boolean channels = kernel.equals(Spvmm.class.getSimpleName());
            int n = channels ? one.columns() : one.rows();
            int kept = Matrices.keep(n, sparsity);
            return new Work(
                    kernel,
                    one.bytes(),
                    channels ? one.bytesOfChannels(kept) : one.bytesOfRows(kept),
                    2.0 * one.rows() * one.columns() * batch * kept / n);
        }
    }
}
