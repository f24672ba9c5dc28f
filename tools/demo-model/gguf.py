"""Writes GGUF version 3 files: metadata, F32 and Q8_0 tensors. Format: the GGUF specification of the ggml project."""
import struct

import numpy as np

UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5
F32, Q8_0 = 0, 8
ALIGNMENT = 32


def _string(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _value(kind, value):
    if kind == STRING:
        return _string(value)
    if kind == ARRAY:
        item, values = value
        return struct.pack("<IQ", item, len(values)) + b"".join(_value(item, v) for v in values)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], value)


def quantize_q8_0(rows):
    """Blocks of 32 along the last axis: a float16 scale max|w| / 127 and 32 int8 codes."""
    blocks = rows.reshape(-1, 32).astype(np.float32)
    scale = np.abs(blocks).max(1) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    codes = np.rint(blocks * inverse[:, None]).astype(np.int8)
    packed = np.zeros(len(blocks), dtype=[("d", "<f2"), ("q", "i1", 32)])
    packed["d"], packed["q"] = scale, codes
    return packed.tobytes()


def write(path, metadata, tensors):
    """metadata: [(key, kind, value)]; tensors: [(name, type, array)], arrays in row-major order."""
    bodies = [array.astype("<f4").tobytes() if kind == F32 else quantize_q8_0(array) for _, kind, array in tensors]
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, kind, value in metadata:
        header += _string(key) + struct.pack("<I", kind) + _value(kind, value)
    offset = 0
    for (name, kind, array), body in zip(tensors, bodies):
        dimensions = array.shape[::-1]
        header += _string(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, offset)
        offset += -(-len(body) // ALIGNMENT) * ALIGNMENT
    with open(path, "wb") as f:
        f.write(header)
        for body in bodies:
            f.write(b"\0" * (-f.tell() % ALIGNMENT))
            f.write(body)
