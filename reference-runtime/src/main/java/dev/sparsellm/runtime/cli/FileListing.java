package dev.sparsellm.runtime.cli;

import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import dev.sparsellm.kernels.gguf.GgufTensor;
import dev.sparsellm.spi.TensorType;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a GGUF file holds: metadata, tensors, sizes by type. */
final class FileListing {

    /** Elements of an array that are shown, and characters of a text. */
    private static final int SHOWN_ELEMENTS = 6;

    private static final int SHOWN_CHARACTERS = 80;

    private final Gguf file;
    private final Map<TensorType, Sum> types = new TreeMap<>(Comparator.comparing(TensorType::name));

    private record Sum(int tensors, long weights, long bytes) {

        Sum plus(Sum other) {
            return new Sum(tensors + other.tensors, weights + other.weights, bytes + other.bytes);
        }
    }

    FileListing(Gguf file) {
        this.file = file;
        for (GgufTensor tensor : file.tensors()) {
            types.merge(tensor.type(), new Sum(1, weights(tensor), tensor.data().byteSize()), Sum::plus);
        }
    }

    private static long weights(GgufTensor tensor) {
        return tensor.dimensions().stream().reduce(1L, Math::multiplyExact);
    }

    private Sum total() {
        return types.values().stream().reduce(new Sum(0, 0, 0), Sum::plus);
    }

    void print(PrintStream out) {
        Sum total = total();
        out.println(file.file() + ": GGUF version " + file.version() + ", " + total.tensors + " tensors, "
                + total.weights + " weights, " + Listing.bytes(total.bytes));
        out.println();
        out.println("Metadata");
        List<List<String>> rows = new ArrayList<>();
        GgufMetadata metadata = file.metadata();
        metadata.keys().forEach(key -> rows.add(List.of(key, shown(metadata.find(key).orElseThrow()))));
        out.println(Listing.table("  ", rows));
        out.println("Tensors");
        out.println(Listing.table("  ", file.tensors().stream()
                .map(tensor -> List.of(
                        tensor.name(), tensor.type().name(), shape(tensor), Listing.bytes(tensor.data().byteSize())))
                .toList()));
        out.println("Sizes by type");
        rows.clear();
        types.forEach((type, sum) -> rows.add(List.of(
                type.name(),
                sum.tensors + " tensors",
                Listing.bytes(sum.bytes),
                String.format(Locale.ROOT, "%.1f %%", 100.0 * sum.bytes / total.bytes),
                String.format(Locale.ROOT, "%.2f bits a weight", 8.0 * sum.bytes / sum.weights))));
        out.println(Listing.table("  ", rows));
    }

    /** Rows first, as everywhere in this project; the file has it the other way round. */
    private static String shape(GgufTensor tensor) {
        return tensor.dimensions().reversed().stream().map(d -> "[" + d + "]").collect(Collectors.joining());
    }

    private static String shown(Object value) {
        return switch (value) {
            case String text -> Quoted.of(text, SHOWN_CHARACTERS);
            case List<?> list -> list.size() + " values: "
                    + list.stream().limit(SHOWN_ELEMENTS)
                            .map(element -> element instanceof String text ? Quoted.of(text, 24) : shown(element))
                            .collect(Collectors.joining(", "))
                    + (list.size() > SHOWN_ELEMENTS ? ", …" : "");
            default -> value.toString();
        };
    }

    /** The same for {@code --json}; arrays are abbreviated there, too. */
    void putInto(Map<String, Object> map) {
        map.put("file", file.file().toString());
        map.put("version", file.version());
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (String key : file.metadata().keys()) {
            Object value = file.metadata().find(key).orElseThrow();
            metadata.put(key, value instanceof List<?> list && list.size() > SHOWN_ELEMENTS
                    ? Map.of("length", list.size(), "first", list.subList(0, SHOWN_ELEMENTS))
                    : value);
        }
        map.put("metadata", metadata);
        map.put("tensors", file.tensors().stream().map(FileListing::asMap).toList());
        Map<String, Object> sums = new LinkedHashMap<>();
        types.forEach((type, sum) -> sums.put(
                type.name(), Map.of("tensors", sum.tensors, "weights", sum.weights, "bytes", sum.bytes)));
        map.put("types", sums);
    }

    private static Map<String, Object> asMap(GgufTensor tensor) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", tensor.name());
        map.put("type", tensor.type().name());
        map.put("shape", tensor.dimensions().reversed());
        map.put("bytes", tensor.data().byteSize());
        return map;
    }
}
