package dev.sparsellm.kernels.gguf;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The key-value pairs of a file. Values are {@link String}, {@link Boolean}, {@link Long} for every whole number,
 * {@link Double} for every real one, or a {@link List} of these. Immutable, and good beyond the file's closing. Lists
 * make their elements when asked for: who needs an element often keeps it. A {@code uint64} beyond
 * {@code Long.MAX_VALUE} is the negative number of the same bits.
 *
 * <p>The typed getters throw {@link GgufException}, naming file, key and what was found, if a value is there but has
 * another type or does not fit; the {@code require} forms also if it is not there.
 */
public interface GgufMetadata {

    /** All keys, in the file's order. */
    Set<String> keys();

    /** The value of a key. */
    Optional<Object> find(String key);

    Optional<String> string(String key);

    Optional<Boolean> flag(String key);

    /** A whole number from {@code Integer.MIN_VALUE} to {@code Integer.MAX_VALUE}. */
    Optional<Integer> integer(String key);

    Optional<Double> real(String key);

    Optional<List<String>> strings(String key);

    /** Whole numbers from {@code Integer.MIN_VALUE} to {@code Integer.MAX_VALUE}. */
    Optional<int[]> integers(String key);

    /** Whole numbers of any size. */
    Optional<long[]> longs(String key);

    /** Numbers, rounded to single precision. */
    Optional<float[]> reals(String key);

    /** Numbers, as exact as the file has them. */
    Optional<double[]> doubles(String key);

    String requireString(String key);

    /** A whole number within bounds, both included. */
    int requireInteger(String key, int min, int max);

    double requireReal(String key);
}
