package dev.sparsellm.spi;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/**
 * Makes text fit for a message: names and values come from files of strangers, and a message is one line of bounded
 * length that steers no terminal. The exceptions of this package do so with whatever they are given.
 */
public final class OneLine {

    private static final int MAX_LENGTH = 1000;

    private OneLine() {}

    /** Why reading or writing failed, to stand in brackets or behind a colon: a reason, not the name of a class. */
    public static String of(IOException failure) {
        String reason = switch (failure) {
            case AccessDeniedException e -> "permission denied";
            case NoSuchFileException e -> "there is no such folder, or nothing can be made in it";
            case FileSystemException e when e.getReason() != null -> e.getReason();
            case IOException e when e.getMessage() != null -> e.getMessage();
            default -> failure.getClass().getSimpleName();
        };
        return of(reason);
    }

    /** The text, a question mark for each control character and line separator, without its middle if it is long. */
    public static String of(String text) {
        String shown = text.length() <= MAX_LENGTH
                ? text
                : text.substring(0, MAX_LENGTH / 2) + " … " + text.substring(text.length() - MAX_LENGTH / 2);
        return shown.replaceAll("[\\p{Cntrl}\\u0080-\\u009F\\u2028\\u2029]", "?");
    }
}
