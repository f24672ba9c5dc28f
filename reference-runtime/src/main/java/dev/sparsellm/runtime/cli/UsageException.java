package dev.sparsellm.runtime.cli;

/** The command line asks for something that makes no sense. The message says what and what would. */
final class UsageException extends RuntimeException {

    private static final long serialVersionUID = 1;

    UsageException(String message) {
        super(message);
    }
}
