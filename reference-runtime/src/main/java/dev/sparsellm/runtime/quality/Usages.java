package dev.sparsellm.runtime.quality;

import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Usage;
import java.util.Map;

/** Sums of what operators did, by operator. */
public final class Usages {

    private Usages() {}

    /** Adds to {@code sums} what came between two looks at a session. */
    public static void add(Map<OperatorKey, Usage> sums, Map<OperatorKey, Usage> after, Map<OperatorKey, Usage> before) {
        after.forEach((key, usage) ->
                sums.merge(key, usage.since(before.getOrDefault(key, Usage.NONE)), Usage::plus));
    }
}
