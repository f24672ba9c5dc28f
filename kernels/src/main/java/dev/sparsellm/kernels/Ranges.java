package dev.sparsellm.kernels;

/** Checks what callers hand in, once per call and never inside a loop over weights. */
final class Ranges {

    private Ranges() {}

    /** @throws IllegalArgumentException unless {@code 0 <= from <= to <= size} */
    static void check(int from, int to, int size, String of) {
        if (from < 0 || to < from || to > size) {
            throw new IllegalArgumentException(
                    "%s: [%d, %d) is not a range within [0, %d)".formatted(of, from, to, size));
        }
    }
}
