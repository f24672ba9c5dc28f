package dev.sparsellm.kernels.gguf;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads one file's header (GGUF specification, {@code gguf_header_t}, {@code gguf_tensor_info_t}) and checks it. */
final class HeaderParser {

    static final int DEFAULT_ALIGNMENT = 32;

    private static final int MAX_KEY_BYTES = 65535; // GGUF specification: at most 2^16 - 1
    private static final int MAX_KEYS = 1 << 16;
    private static final int MAX_TENSORS = 1 << 18; // a hundred times those of the largest models
    private static final int MAX_DIMENSIONS = 4; // GGML_MAX_DIMS
    private static final int MAX_ARRAY_DEPTH = 4;
    private static final int MAX_INNER_ARRAYS = 1 << 16;
    private static final int SMALLEST_KEY_VALUE_BYTES = 8 + 1 + 4 + 1;
    private static final int SMALLEST_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

    private final Path file;
    private final MemorySegment bytes;
    private final Cursor cursor;
    private int innerArrays;

    private HeaderParser(Path file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
        this.cursor = new Cursor(file, bytes);
    }

    static GgufPart parse(Path file, MemorySegment bytes) {
        return new HeaderParser(file, bytes).parse();
    }

    private GgufPart parse() {
        checkMagic();
        int version = version(); // uint32_t version
        long tensorCount = cursor.count("tensors", 1); // uint64_t tensor_count
        long keyCount = cursor.count("metadata keys", SMALLEST_KEY_VALUE_BYTES); // uint64_t metadata_kv_count
        if (tensorCount > MAX_TENSORS || tensorCount > cursor.remaining() / SMALLEST_TENSOR_BYTES) {
            throw cursor.error(tensorCount + " tensors declared, more than the file can hold or any model has");
        }
        MetadataMap metadata = metadata(keyCount);
        int alignment = alignment(metadata);
        List<TableEntry> table = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < tensorCount; i++) {
            TableEntry entry = tableEntry(i);
            if (!names.add(entry.name)) {
                throw cursor.error("a second tensor '" + entry.name + "'");
            }
            table.add(entry);
        }
        long headerBytes = cursor.position();
        long dataStart = (headerBytes + alignment - 1) & -alignment;
        List<GgufTensor> tensors = new ArrayList<>();
        for (TableEntry entry : table) {
            tensors.add(tensor(entry, dataStart, alignment));
        }
        checkOverlaps(table);
        return new GgufPart(
                file, version, metadata, List.copyOf(tensors), bytes.asSlice(0, headerBytes), bytes.byteSize());
    }

    private void checkMagic() {
        if (bytes.byteSize() == 0) {
            throw new GgufException("Cannot read " + file + ": the file is empty. Download or copy it again");
        }
        long probeBytes = Math.min(bytes.byteSize(), FileKind.PROBE_BYTES);
        byte[] start = bytes.asSlice(0, probeBytes).toArray(ValueLayout.JAVA_BYTE);
        if (start.length < 4) {
            throw Cursor.damaged(file, "it has only " + start.length + " bytes");
        }
        if (cursor.int32() != 0x46554747) { // "GGUF"
            throw new GgufException("Cannot read " + file + ": no GGUF file: " + FileKind.describe(start));
        }
    }

    private int version() {
        int version = cursor.int32();
        if (version == 2 || version == 3) {
            return version;
        }
        if (version == 1) {
            throw new GgufException("Cannot read " + file + ": GGUF version 1, of August 2023, is not supported,"
                    + " only 2 and 3. Get a newer file of the model");
        }
        int swapped = Integer.reverseBytes(version);
        if (swapped >= 1 && swapped <= 255) {
            throw new GgufException("Cannot read " + file
                    + ": it is big-endian, which is not supported. Get a little-endian file of the model");
        }
        throw new GgufException("Cannot read " + file + ": GGUF version " + Integer.toUnsignedString(version)
                + ", where 2 and 3 are supported. The file is damaged, or newer than this program");
    }

    private MetadataMap metadata(long count) {
        if (count > MAX_KEYS) {
            throw cursor.error(count + " metadata keys declared, more than any model has");
        }
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            cursor.reading("metadata key " + (i + 1) + " of " + count);
            String key = cursor.string(MAX_KEY_BYTES); // gguf_string_t key
            if (key.isEmpty()) {
                throw cursor.error("an empty key");
            }
            cursor.reading("metadata key '" + Quoted.of(key) + "'");
            if (values.put(key, value(valueType())) != null) {
                throw cursor.error("the key is there twice");
            }
        }
        return new MetadataMap(file, values);
    }

    private ValueType valueType() {
        int id = cursor.int32();
        ValueType type = ValueType.ofId(id);
        if (type == null) {
            throw cursor.error("the unknown value type " + Integer.toUnsignedString(id));
        }
        return type;
    }

    private Object value(ValueType type) {
        return switch (type) {
            case STRING -> cursor.string(Long.MAX_VALUE);
            case BOOL -> cursor.flag();
            case ARRAY -> array(1);
            default -> cursor.number(type);
        };
    }

    private List<?> array(int depth) {
        if (depth > MAX_ARRAY_DEPTH) {
            throw cursor.error("arrays nested more than " + MAX_ARRAY_DEPTH + " deep");
        }
        ValueType type = valueType();
        if (type == ValueType.STRING) {
            return cursor.strings();
        }
        if (type != ValueType.ARRAY) {
            return cursor.numbers(type);
        }
        long count = cursor.count("arrays", 4 + 8);
        innerArrays += (int) Math.min(count, MAX_INNER_ARRAYS + 1);
        if (innerArrays > MAX_INNER_ARRAYS) {
            throw cursor.error("more than " + MAX_INNER_ARRAYS + " arrays within arrays");
        }
        List<Object> arrays = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            arrays.add(array(depth + 1));
        }
        return List.copyOf(arrays);
    }

    private int alignment(MetadataMap metadata) {
        Object value = metadata.find("general.alignment").orElse((long) DEFAULT_ALIGNMENT);
        // The specification asks for a multiple of 8, ggml for a power of two.
        if (value instanceof Long a && a >= 8 && a <= 1 << 30 && Long.bitCount(a) == 1) {
            return a.intValue();
        }
        throw Cursor.damaged(
                file, "general.alignment is " + Quoted.of(value.toString()) + ", but must be a power of two from 8 on");
    }

    /** A line of the tensor table; {@code offset} counts from where tensor data begin. */
    private record TableEntry(String name, TensorType type, List<Long> dimensions, long bytes, long offset) {}

    private TableEntry tableEntry(int number) {
        cursor.reading("tensor " + (number + 1));
        String name = cursor.string(MAX_KEY_BYTES); // gguf_string_t name
        cursor.reading("tensor '" + Quoted.of(name) + "'");
        int dimensionCount = cursor.int32(); // uint32_t n_dimensions
        if (dimensionCount < 1 || dimensionCount > MAX_DIMENSIONS) {
            throw cursor.error(Integer.toUnsignedString(dimensionCount) + " dimensions, where 1 to 4 are allowed");
        }
        Long[] dimensions = new Long[dimensionCount];
        for (int d = 0; d < dimensionCount; d++) {
            dimensions[d] = cursor.int64(); // uint64_t dimensions[n_dimensions]
            if (dimensions[d] < 1) {
                throw cursor.error("a dimension of " + Long.toUnsignedString(dimensions[d]));
            }
        }
        int typeId = cursor.int32(); // ggml_type type
        TensorType type = TensorTypes.ofId(typeId);
        if (type == null) {
            throw new GgufException(("Cannot read %s: tensor '%s' has %s, which is not supported."
                            + " Get a file of the model in another quantisation; supported are %s")
                    .formatted(file, Quoted.of(name), TensorTypes.describe(typeId), TensorTypes.supported()));
        }
        long offset = cursor.int64(); // uint64_t offset
        return new TableEntry(name, type, List.of(dimensions), tensorBytes(type, dimensions), offset);
    }

    private long tensorBytes(TensorType type, Long[] dimensions) {
        if (dimensions[0] % type.blockSize() != 0) {
            throw cursor.error("rows of " + dimensions[0] + " do not divide into " + type + " blocks of "
                    + type.blockSize());
        }
        try {
            long size = Math.multiplyExact(dimensions[0] / type.blockSize(), (long) type.blockBytes());
            for (int d = 1; d < dimensions.length; d++) {
                size = Math.multiplyExact(size, (long) dimensions[d]);
            }
            return size;
        } catch (ArithmeticException e) {
            throw cursor.error("dimensions " + List.of(dimensions) + ", more than 2^63 bytes");
        }
    }

    private GgufTensor tensor(TableEntry entry, long dataStart, int alignment) {
        long fileBytes = bytes.byteSize();
        if (entry.offset < 0 || entry.offset % alignment != 0) {
            throw Cursor.damaged(file, "tensor '%s' begins at offset %s, which is no multiple of the alignment %d"
                    .formatted(Quoted.of(entry.name), Long.toUnsignedString(entry.offset), alignment));
        }
        long dataBytes = Math.max(0, fileBytes - dataStart); // a file may end amid the padding behind its header
        if (entry.bytes > dataBytes - entry.offset) { // a difference: the sum of the file's numbers might overflow
            throw Cursor.damaged(file, ("truncated: tensor '%s', %s %s, needs %d bytes from byte %s on,"
                            + " but the file has %d bytes")
                    .formatted(Quoted.of(entry.name), entry.type, entry.dimensions, entry.bytes,
                            Long.toUnsignedString(dataStart + entry.offset), fileBytes));
        }
        return new GgufTensor(
                entry.name, entry.type, entry.dimensions, bytes.asSlice(dataStart + entry.offset, entry.bytes));
    }

    private void checkOverlaps(List<TableEntry> table) {
        List<TableEntry> sorted = new ArrayList<>(table);
        sorted.sort(Comparator.comparingLong(TableEntry::offset));
        for (int i = 1; i < sorted.size(); i++) {
            TableEntry before = sorted.get(i - 1);
            TableEntry entry = sorted.get(i);
            if (before.offset + before.bytes > entry.offset) {
                throw Cursor.damaged(file, "tensors '%s' and '%s' overlap"
                        .formatted(Quoted.of(before.name), Quoted.of(entry.name)));
            }
        }
    }
}
