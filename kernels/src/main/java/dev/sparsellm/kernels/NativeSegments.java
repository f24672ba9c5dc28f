package dev.sparsellm.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Tells C2 what class the memory of weights and of batches has. Allocated memory and mapped files have two, one below the
 * other; where a kernel has met both, each access to a segment is compiled twice, with a test in between, and where such tests have failed
 * often enough, with calls in place of one of the two, to which vectors are handed over in boxes. A cast to the upper class
 * at the beginning of a method that reads the segment says that there is no difference; those that hand it on need none.
 */
final class NativeSegments {

    private static final Class<? extends MemorySegment> NATIVE = Arena.global().allocate(1).getClass();

    private NativeSegments() {}

    /** A copy of memory on the heap: with a third class in the game kernels were 5 to 25 times slower, all of them, for good. */
    static MemorySegment copyOf(MemorySegment heap) {
        return Arena.ofAuto().allocate(heap.byteSize(), 64).copyFrom(heap);
    }

    /** The segment itself, which is not on the heap. */
    static MemorySegment of(MemorySegment segment) {
        return NATIVE.cast(segment);
    }
}
