package dev.sparsellm.runtime.chat;

import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * Makes tokens of a conversation. Control tokens come from their names only where the format writes them; all text goes
 * through {@link Tokenizer#encodeOrdinary}, in which such names are text.
 *
 * <p>SentencePiece puts a blank before the first word of a text. Here a stretch of text between two control tokens is a
 * text, unless the format has written a blank of its own: two of them would be a token the model never saw there.
 */
final class TokenSink implements PromptSink {

    private final Tokenizer tokenizer;
    private final StringBuilder text = new StringBuilder();
    private boolean startOfText = true;
    private int[] ids = new int[256];
    private int size;

    TokenSink(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** For a text that has begun elsewhere. */
    TokenSink continuing() {
        startOfText = false;
        return this;
    }

    @Override
    public TokenSink mark(String name) {
        OptionalInt control = tokenizer.control(name);
        return control.isPresent() ? token(control) : text(name);
    }

    @Override
    public TokenSink text(String part) {
        text.append(part);
        return this;
    }

    @Override
    public TokenSink beginOfSequence() {
        return token(tokenizer.bos());
    }

    @Override
    public TokenSink endOfSequence() {
        return token(tokenizer.eos());
    }

    /** Ends the stretch of text; what follows goes on in the same text, but is encoded by itself. */
    TokenSink cut() {
        if (!text.isEmpty()) {
            String stretch = text.toString();
            add(startOfText && !stretch.startsWith(" ")
                    ? tokenizer.encodeOrdinary(stretch) : tokenizer.encodeContinuation(stretch));
            text.setLength(0);
            startOfText = false;
        }
        return this;
    }

    int[] tokens() {
        cut();
        return Arrays.copyOf(ids, size);
    }

    private TokenSink token(OptionalInt id) {
        cut();
        id.ifPresent(i -> add(new int[] {i}));
        startOfText = true;
        return this;
    }

    private void add(int[] more) {
        if (size + more.length > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(ids.length * 2, size + more.length));
        }
        System.arraycopy(more, 0, ids, size, more.length);
        size += more.length;
    }
}
