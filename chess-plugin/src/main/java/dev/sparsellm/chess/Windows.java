package dev.sparsellm.chess;

import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.ProviderException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalInt;
import java.util.Random;

/** The pieces of a text that a calibration reads, cut as {@link CalibrationRequest} says. */
final class Windows {

    private final int[] text; // begin mark, ids
    private final OptionalInt begin;
    private final int window;
    private final int[] starts;
    private final boolean chosen;

    /**
     * Cuts a text.
     *
     * @param begin the begin mark, for models that have one
     * @param maxWindow the most the host runs at once
     */
    Windows(CalibrationRequest request, OptionalInt begin, int maxWindow) {
        this.begin = begin;
        this.window = request.window();
        if (window > maxWindow) {
            throw new ProviderException("A window of " + window + " ids is more than the " + maxWindow
                    + " this model and host take; ask for a smaller one");
        }
        int[] ids = request.ids();
        int ahead = begin.isPresent() ? 1 : 0;
        text = new int[ids.length + ahead];
        System.arraycopy(ids, 0, text, ahead, ids.length);
        int all = text.length / window;
        if (all == 0) {
            throw new ProviderException("The text has " + ids.length + " tokens, which does not fill one window of "
                    + window + "; give more text, or a smaller window");
        }
        int wanted = request.maxTokens() == 0 ? all : Math.clamp(request.maxTokens() / window, 1, all);
        chosen = wanted < all;
        starts = chosen ? choose(all, wanted, request.seed()) : everyOne(all);
        for (int i = 0; i < starts.length; i++) {
            starts[i] *= window;
        }
    }

    /** How many there are. */
    int count() {
        return starts.length;
    }

    /** Whether these are some of the text's windows, not all. */
    boolean chosen() {
        return chosen;
    }

    /** The ids of a window. */
    int[] ids(int number) {
        int[] ids = Arrays.copyOfRange(text, starts[number], starts[number] + window);
        begin.ifPresent(id -> ids[0] = id);
        return ids;
    }

    /** SHA-256 of ids as little-endian 32-bit numbers. */
    static String hash(int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    /** So many numbers below {@code all}, without repetition, ascending. {@link Random} is the same everywhere. */
    private static int[] choose(int all, int wanted, long seed) {
        int[] numbers = everyOne(all);
        Random random = new Random(seed);
        for (int i = 0; i < wanted; i++) {
            int other = i + random.nextInt(all - i);
            int number = numbers[i];
            numbers[i] = numbers[other];
            numbers[other] = number;
        }
        int[] some = Arrays.copyOf(numbers, wanted);
        Arrays.sort(some);
        return some;
    }

    private static int[] everyOne(int all) {
        int[] numbers = new int[all];
        Arrays.setAll(numbers, i -> i);
        return numbers;
    }
}
