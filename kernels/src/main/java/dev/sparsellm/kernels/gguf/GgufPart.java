package dev.sparsellm.kernels.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * One file, checked.
 *
 * @param header its bytes from the first up to the end of the tensor table
 * @param bytes the size of the file
 */
record GgufPart(
        Path file, int version, MetadataMap metadata, List<GgufTensor> tensors, MemorySegment header, long bytes) {}
