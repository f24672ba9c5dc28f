package dev.sparsellm.robustness;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.runtime.sampling.SamplingException;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SettingsException;

/** What a refusal has to be: one of the project's own exceptions, with one clear line for the user. */
public final class Refusals {

    private static final int LONGEST = 2000;

    private Refusals() {}

    /** Something that reads a file or a setting. */
    public interface Reading {
        void run() throws Exception;
    }

    /** True if it went well; false if it was refused as it should be; anything else is thrown. */
    static boolean accepts(Reading reading) {
        try {
            reading.run();
            return true;
        } catch (GgufException | ProviderException | SettingsException | SamplingException e) {
            check(e);
            return false;
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError("A refusal of another kind: " + e, e);
        }
    }

    /** As {@link #accepts}, for what documents {@link IllegalArgumentException} for bad input. */
    public static boolean acceptsOrSaysWhatIsWrong(Reading reading) {
        try {
            return accepts(reading);
        } catch (IllegalArgumentException e) {
            if (e.getClass() != IllegalArgumentException.class) {
                throw e; // such as a NumberFormatException that nobody meant for the user
            }
            check(e);
            return false;
        }
    }

    private static void check(RuntimeException refusal) {
        String message = refusal.getMessage();
        if (message == null || message.isBlank()) {
            throw new AssertionError("A refusal without a word", refusal);
        }
        if (message.length() > LONGEST) {
            throw new AssertionError("A refusal of " + message.length() + " characters", refusal);
        }
        if (message.codePoints().anyMatch(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029)) {
            throw new AssertionError("A refusal of more than one line, or that steers a terminal", refusal);
        }
    }
}
