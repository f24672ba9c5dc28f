package dev.sparsellm.runtime.chat;

/** Who speaks in a conversation. */
public enum Role {
    /** Says how the assistant is to behave. */
    SYSTEM,
    USER,
    /** The model. */
    ASSISTANT
}
