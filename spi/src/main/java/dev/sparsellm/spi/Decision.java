package dev.sparsellm.spi;

/** A provider's answer for one operator. */
public sealed interface Decision {

    /**
     * It will compute this operator.
     *
     * @param how what it does, in a few words, for {@code inspect}-like listings; may be empty
     */
    record Taken(String how) implements Decision {}

    /**
     * It will not.
     *
     * @param reason why, one sentence naming what was met and what is supported
     * @param remedy what the user can do, one sentence, or empty where nothing helps
     */
    record Refused(String reason, String remedy) implements Decision {}
}
