package dev.sparsellm.kernels.gguf;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Metadata as read from a file. */
final class MetadataMap implements GgufMetadata {

    private final Path file;
    private final Map<String, Object> values; // in the file's order

    /** Keeps the map, which must not change any more. */
    MetadataMap(Path file, Map<String, Object> values) {
        this.file = file;
        this.values = Collections.unmodifiableMap(values);
    }

    @Override
    public Set<String> keys() {
        return values.keySet();
    }

    @Override
    public Optional<Object> find(String key) {
        return Optional.ofNullable(values.get(key));
    }

    @Override
    public Optional<String> string(String key) {
        return find(key).map(value -> {
            if (value instanceof String text) {
                return text;
            }
            throw mismatch(key, "a text");
        });
    }

    @Override
    public Optional<Boolean> flag(String key) {
        return find(key).map(value -> {
            if (value instanceof Boolean flag) {
                return flag;
            }
            throw mismatch(key, "true or false");
        });
    }

    @Override
    public Optional<Integer> integer(String key) {
        return whole(key, Integer.MIN_VALUE, Integer.MAX_VALUE).map(Long::intValue);
    }

    @Override
    public Optional<Double> real(String key) {
        return find(key).map(value -> {
            if (value instanceof Number number) {
                return number.doubleValue();
            }
            throw mismatch(key, "a number");
        });
    }

    @Override
    public Optional<List<String>> strings(String key) {
        return find(key).map(value -> {
            if (value instanceof PackedStrings strings) {
                return strings;
            }
            if (value instanceof List<?> list && list.isEmpty()) {
                return List.of();
            }
            throw mismatch(key, "a list of texts");
        });
    }

    @Override
    public Optional<int[]> integers(String key) {
        return longs(key).map(values -> {
            int[] ints = new int[values.length];
            for (int i = 0; i < ints.length; i++) {
                ints[i] = (int) values[i];
                if (ints[i] != values[i]) {
                    throw invalid(key, "has the element " + values[i] + " at index " + i + ", which is out of range");
                }
            }
            return ints;
        });
    }

    @Override
    public Optional<long[]> longs(String key) {
        return numbers(key, "a list of whole numbers", false).map(list -> {
            long[] longs = new long[list.size()];
            for (int i = 0; i < longs.length; i++) {
                longs[i] = list.whole(i);
            }
            return longs;
        });
    }

    @Override
    public Optional<float[]> reals(String key) {
        return numbers(key, "a list of numbers", true).map(list -> {
            float[] floats = new float[list.size()];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = (float) list.real(i);
            }
            return floats;
        });
    }

    @Override
    public Optional<double[]> doubles(String key) {
        return numbers(key, "a list of numbers", true).map(list -> {
            double[] doubles = new double[list.size()];
            for (int i = 0; i < doubles.length; i++) {
                doubles[i] = list.real(i);
            }
            return doubles;
        });
    }

    @Override
    public String requireString(String key) {
        return string(key).orElseThrow(() -> missing(key));
    }

    @Override
    public int requireInteger(String key, int min, int max) {
        return whole(key, min, max).orElseThrow(() -> missing(key)).intValue();
    }

    @Override
    public double requireReal(String key) {
        return real(key).orElseThrow(() -> missing(key));
    }

    private Optional<Long> whole(String key, int min, int max) {
        return find(key).map(value -> {
            if (value instanceof Long number && number >= min && number <= max) {
                return number;
            }
            throw mismatch(key, "a whole number from " + min + " to " + max);
        });
    }

    private Optional<PackedArray> numbers(String key, String expected, boolean realsToo) {
        return find(key).map(value -> {
            if (value instanceof PackedArray array && (array.type().isWhole() || realsToo && array.type().isReal())) {
                return array;
            }
            if (value instanceof List<?> list && list.isEmpty()) {
                return new PackedArray(ValueType.INT32, new byte[0]);
            }
            throw mismatch(key, expected);
        });
    }

    private GgufException missing(String key) {
        return invalid(key, "is missing");
    }

    private GgufException mismatch(String key, String expected) {
        Object value = values.get(key);
        String found = switch (value) {
            case String text -> "the text '" + Quoted.of(text) + "'";
            case PackedStrings list -> "a list of " + list.size() + " texts";
            case PackedArray list -> "a list of " + list.size() + " values of type " + list.type();
            case List<?> list -> "a list of " + list.size() + " lists";
            default -> value.toString();
        };
        return invalid(key, "should be " + expected + " and is " + found);
    }

    private GgufException invalid(String key, String problem) {
        return new GgufException("Cannot use " + file + ": its metadata key " + key + " " + problem
                + ". The file is damaged, or of a kind of model this program does not know");
    }
}
