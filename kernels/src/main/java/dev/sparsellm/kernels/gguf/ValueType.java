package dev.sparsellm.kernels.gguf;

/** The types of metadata values (GGUF specification, {@code gguf_metadata_value_type}). */
enum ValueType {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    STRING(8, 0),
    ARRAY(9, 0),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    private static final ValueType[] BY_ID = values(); // ids are 0..12, in order

    final int id;

    /** Bytes of a value; 0 where values differ in size. */
    final int bytes;

    ValueType(int id, int bytes) {
        this.id = id;
        this.bytes = bytes;
    }

    /** Null for a number the specification does not list. */
    static ValueType ofId(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }

    boolean isReal() {
        return this == FLOAT32 || this == FLOAT64;
    }

    boolean isWhole() {
        return switch (this) {
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
            case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
        };
    }
}
