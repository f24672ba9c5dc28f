package dev.sparsellm.runtime.synthetic;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Shapes of real models, as their makers published them, and two small ones for tests. */
public enum Shape {
    LLAMA_3_2_1B("llama-3.2-1b", 2048, 8192, 16, 32, 8, 131072, 500000f, 32f, true, VocabularyKind.BYTE_LEVEL, 128256),
    LLAMA_3_2_3B("llama-3.2-3b", 3072, 8192, 28, 24, 8, 131072, 500000f, 32f, true, VocabularyKind.BYTE_LEVEL, 128256),
    LLAMA_3_8B("llama-3-8b", 4096, 14336, 32, 32, 8, 8192, 500000f, 0f, false, VocabularyKind.BYTE_LEVEL, 128256),
    /** Version 0.2, which has no sliding window. */
    MISTRAL_7B("mistral-7b", 4096, 14336, 32, 32, 8, 32768, 1000000f, 0f, false, VocabularyKind.SENTENCE_PIECE, 32000),
    LLAMA_2_7B("llama-2-7b", 4096, 11008, 32, 32, 32, 4096, 10000f, 0f, false, VocabularyKind.SENTENCE_PIECE, 32000),
    /** Everything Llama 3.2 has, some 1.4 million weights. */
    TINY("tiny", 256, 512, 2, 4, 2, 2048, 500000f, 32f, true, VocabularyKind.BYTE_LEVEL, 1024),
    /** Everything Llama 2 and Mistral have, some 1.7 million weights. */
    TINY_SENTENCE_PIECE(
            "tiny-sentencepiece", 256, 512, 2, 4, 2, 2048, 10000f, 0f, false, VocabularyKind.SENTENCE_PIECE, 1000);

    /** The two families of vocabularies. */
    enum VocabularyKind {
        /** Llama 3's: GGUF calls it {@code gpt2}, with the pre-tokenizer {@code llama-bpe}. */
        BYTE_LEVEL,
        /** Llama 2's and Mistral's: GGUF calls it {@code llama}. */
        SENTENCE_PIECE
    }

    final String label;
    final int dim;
    final int ffn;
    final int layers;
    final int heads;
    final int kvHeads;
    final int context;
    final float ropeTheta;

    /** How far Llama 3's RoPE scaling stretches the context; 0 for a model without. */
    final float ropeFactor;

    /** Whether the output head is the embedding matrix. */
    final boolean tied;

    final VocabularyKind vocabularyKind;
    final int vocabulary;

    Shape(String label, int dim, int ffn, int layers, int heads, int kvHeads, int context, float ropeTheta,
            float ropeFactor, boolean tied, VocabularyKind vocabularyKind, int vocabulary) {
        this.label = label;
        this.dim = dim;
        this.ffn = ffn;
        this.layers = layers;
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.context = context;
        this.ropeTheta = ropeTheta;
        this.ropeFactor = ropeFactor;
        this.tied = tied;
        this.vocabularyKind = vocabularyKind;
        this.vocabulary = vocabulary;
    }

    /** The name people use, such as {@code llama-3.2-1b}. */
    public String label() {
        return label;
    }

    /** Layers of the real model. */
    public int layers() {
        return layers;
    }

    /** Tokens of the vocabulary. */
    public int vocabulary() {
        return vocabulary;
    }

    int headSize() {
        return dim / heads;
    }

    /**
     * The shape of a label.
     *
     * @throws IllegalArgumentException if there is none, listing all
     */
    public static Shape ofLabel(String label) {
        for (Shape shape : values()) {
            if (shape.label.equals(label)) {
                return shape;
            }
        }
        throw new IllegalArgumentException("Unknown shape '" + label + "'; known are "
                + Arrays.stream(values()).map(Shape::label).collect(Collectors.joining(", ")));
    }
}
