package dev.sparsellm.kernels.gguf;

import dev.sparsellm.spi.TensorType;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** From the numbers files have for tensor types to types, or to names where a type is not supported. */
final class TensorTypes {

    private static final Map<Integer, TensorType> BY_ID =
            Arrays.stream(TensorType.values()).collect(Collectors.toUnmodifiableMap(TensorType::id, type -> type));

    /** What ggml calls the types that {@link TensorType} does not have (ggml.h, {@code enum ggml_type}). */
    private static final Map<Integer, String> UNSUPPORTED = Map.ofEntries(
            Map.entry(4, "Q4_2, given up in 2023"),
            Map.entry(5, "Q4_3, given up in 2023"),
            Map.entry(9, "Q8_1"),
            Map.entry(15, "Q8_K"),
            Map.entry(16, "IQ2_XXS"),
            Map.entry(17, "IQ2_XS"),
            Map.entry(18, "IQ3_XXS"),
            Map.entry(19, "IQ1_S"),
            Map.entry(20, "IQ4_NL"),
            Map.entry(21, "IQ3_S"),
            Map.entry(22, "IQ2_S"),
            Map.entry(23, "IQ4_XS"),
            Map.entry(24, "I8"),
            Map.entry(25, "I16"),
            Map.entry(29, "IQ1_M"),
            Map.entry(31, "Q4_0_4_4, given up in 2024"),
            Map.entry(32, "Q4_0_4_8, given up in 2024"),
            Map.entry(33, "Q4_0_8_8, given up in 2024"),
            Map.entry(34, "TQ1_0"),
            Map.entry(35, "TQ2_0"),
            Map.entry(36, "IQ4_NL_4_4, given up in 2024"),
            Map.entry(37, "IQ4_NL_4_8, given up in 2024"),
            Map.entry(38, "IQ4_NL_8_8, given up in 2024"),
            Map.entry(39, "MXFP4"));

    private TensorTypes() {}

    /** Null if not supported. */
    static TensorType ofId(int id) {
        return BY_ID.get(id);
    }

    /** What to say of an id that is not supported. */
    static String describe(int id) {
        String name = UNSUPPORTED.get(id);
        return name == null ? "the unknown type number " + Integer.toUnsignedString(id) : "the type " + name;
    }

    static String supported() {
        return Arrays.stream(TensorType.values()).map(Enum::name).collect(Collectors.joining(", "));
    }
}
