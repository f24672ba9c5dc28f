package dev.sparsellm.runtime.tokenizer;

import java.util.Arrays;

/**
 * A priority queue of numbers, smallest first, without a box around each. Both tokenizers pack what orders a merge into
 * the upper and its place in the text into the lower 32 bits, so that equal merges are taken from left to right.
 */
final class LongHeap {

    private long[] values;
    private int size;

    LongHeap(int capacity) {
        values = new long[Math.max(capacity, 16)];
    }

    boolean isEmpty() {
        return size == 0;
    }

    void clear() {
        size = 0;
    }

    void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
        }
        int hole = size++;
        while (hole > 0) {
            int parent = (hole - 1) >>> 1;
            if (values[parent] <= value) {
                break;
            }
            values[hole] = values[parent];
            hole = parent;
        }
        values[hole] = value;
    }

    /** Removes and returns the smallest. The heap must not be empty. */
    long remove() {
        long smallest = values[0];
        long last = values[--size];
        int hole = 0;
        for (int child = 1; child < size; child = 2 * hole + 1) {
            if (child + 1 < size && values[child + 1] < values[child]) {
                child++;
            }
            if (last <= values[child]) {
                break;
            }
            values[hole] = values[child];
            hole = child;
        }
        values[hole] = last;
        return smallest;
    }
}
