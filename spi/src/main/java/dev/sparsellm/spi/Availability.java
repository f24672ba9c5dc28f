package dev.sparsellm.spi;

/** Whether a provider can work here. */
public sealed interface Availability {

    /** It can. */
    record Usable() implements Availability {}

    /**
     * It cannot.
     *
     * @param reason what is missing, one sentence
     * @param remedy what the user can do about it, one sentence, or empty where nothing helps
     */
    record Unusable(String reason, String remedy) implements Availability {}
}
