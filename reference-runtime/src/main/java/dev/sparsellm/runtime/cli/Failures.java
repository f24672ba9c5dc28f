package dev.sparsellm.runtime.cli;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SettingsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns whatever went wrong into one line for the user, and an exit code. */
final class Failures {

    /** Set to see where something went wrong. */
    static final String DEBUG = "SPARSELLM_DEBUG";

    private Failures() {}

    /** Tells the user, and returns the exit code. */
    static int report(Throwable failure, Streams streams) {
        streams.note(line(failure));
        if (System.getenv(DEBUG) != null) {
            failure.printStackTrace(streams.err());
        }
        return failure instanceof UsageException
                        || failure instanceof SettingsException
                        || failure instanceof ParameterException
                ? ExitCode.USAGE
                : ExitCode.FAILED;
    }

    private static String line(Throwable failure) {
        return switch (failure) {
            case ParameterException e -> usage(e);
            case UsageException e -> e.getMessage();
            case GgufException e -> e.getMessage();
            case ProviderException e -> e.getMessage();
            case InvalidPathException e -> "'" + e.getInput() + "' is no path: " + e.getReason();
            case UncheckedIOException e -> line(e.getCause());
            case NoSuchFileException e -> "There is no file " + e.getFile();
            case AccessDeniedException e -> "The file " + e.getFile() + " may not be read or written by this user";
            case CharacterCodingException e -> "The input is not text in UTF-8";
            case FileSystemException e -> "The file " + e.getFile() + " cannot be used: "
                    + (e.getReason() == null ? e.getClass().getSimpleName() : e.getReason());
            case IOException e -> "Reading or writing failed: " + orType(e);
            case IllegalArgumentException e when e.getMessage() != null -> e.getMessage();
            case InternalError e when e.getMessage() != null && e.getMessage().contains("unsafe memory access") ->
                "A file that was being read, the model or one in the cache, was cut short meanwhile, or its disk"
                        + " failed: see that it is whole, and start again";
            case OutOfMemoryError e -> "Out of memory (" + orType(e) + "): take a smaller --ctx or a smaller model, or give"
                    + " the JVM more, such as SPARSELLM_JAVA_OPTS=-Xmx8g; it may use now "
                    + Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB";
            default -> "Internal error, " + failure.getClass().getSimpleName() + ": " + orType(failure)
                    + "; set " + DEBUG + "=1 for a stack trace, and please report it";
        };
    }

    private static String usage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        String message = e.getMessage();
        if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
            List<String> words = unmatched.getUnmatched();
            String word = words.getFirst().startsWith("-") ? words.getFirst().replaceFirst("=.*", "") : words.getFirst();
            boolean isCommand = !word.startsWith("-") && !command.getSubcommands().isEmpty();
            message = (isCommand ? "Unknown command '" : word.startsWith("-") ? "Unknown option '" : "Unexpected '")
                    + word + "'"
                    + (word.startsWith("-D") ? "; a property is written -Dkey=value" : Suggestion.of(word, command));
        }
        message = Character.toUpperCase(message.charAt(0)) + message.substring(1);
        return message.replaceFirst("[.\\s]+$", "") + (message.endsWith("?") ? " " : ". ") + "See "
                + command.getCommandSpec().qualifiedName() + " --help";
    }

    private static String orType(Throwable e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
