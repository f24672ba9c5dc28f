package dev.sparsellm.runtime;

/** Receives text as it is written. Called on the thread that generates. */
@FunctionalInterface
public interface TokenSink {

    /** Ignores everything. */
    TokenSink NONE = (id, text) -> true;

    /**
     * @param id the token; -1 at the end, where text that was held back comes with no token of its own
     * @param text what it adds, whole characters only: empty while a character is incomplete or a stop text may begin
     * @return false to stop generating
     */
    boolean accept(int id, String text);
}
