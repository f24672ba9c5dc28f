package dev.sparsellm.benchmarks.endtoend;

import java.util.List;

/**
 * What came out for one file.
 *
 * @param request what was asked for
 * @param fileBytes size of the file
 * @param kernels ours, such as {@code vector-512}
 * @param rows in the order of the table
 */
record Outcome(Request request, long fileBytes, String kernels, List<Row> rows) {

    /**
     * One contender.
     *
     * @param name of it
     * @param weightBytes that a token needs; 0 where that is not known
     * @param limit how many times as fast as dense it can be if reading weights is all that takes time; 0 where that is
     *     not known
     * @param rounds as they were measured
     */
    record Row(String name, double weightBytes, double limit, List<Speeds> rounds) {}
}
