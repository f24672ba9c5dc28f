package dev.sparsellm.runtime.tokenizer;

/**
 * How a text becomes tokens.
 *
 * @param addBos put the model's begin-of-sequence token in front, and its end-of-sequence token behind, where the file
 *     asks for them
 * @param parseSpecial turn the names of control tokens in the text into these tokens. For text of a program's own;
 *     never for what a user typed
 */
public record EncodeOptions(boolean addBos, boolean parseSpecial) {

    /** As a prompt begins: with the begin-of-sequence token, and all text being plain text. */
    public static final EncodeOptions PROMPT = new EncodeOptions(true, false);

    /** The text and nothing else. */
    public static final EncodeOptions PLAIN = new EncodeOptions(false, false);
}
