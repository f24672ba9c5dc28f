package dev.sparsellm.spi;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * One operator of a model. Ordered by layer, then kind, the output head last.
 *
 * @param kind which
 * @param layer of which layer, from 0; {@link #NO_LAYER} for {@link OperatorKind#OUTPUT}
 */
public record OperatorKey(OperatorKind kind, int layer) implements Comparable<OperatorKey> {

    /** The layer of an operator that belongs to none. */
    public static final int NO_LAYER = -1;

    private static final Comparator<OperatorKey> ORDER = Comparator.<OperatorKey>comparingInt(
                    key -> key.layer == NO_LAYER ? Integer.MAX_VALUE : key.layer)
            .thenComparing(OperatorKey::kind);

    public OperatorKey {
        if (layer < NO_LAYER || (layer == NO_LAYER) != (kind == OperatorKind.OUTPUT)) {
            throw new IllegalArgumentException("No operator " + kind + " in layer " + layer);
        }
    }

    /** The output head. */
    public static OperatorKey output() {
        return new OperatorKey(OperatorKind.OUTPUT, NO_LAYER);
    }

    /** Every operator of a model, in order. */
    public static List<OperatorKey> all(ModelShape shape) {
        List<OperatorKey> keys = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            for (OperatorKind kind : OperatorKind.values()) {
                if (kind != OperatorKind.OUTPUT) {
                    keys.add(new OperatorKey(kind, layer));
                }
            }
        }
        keys.add(output());
        return List.copyOf(keys);
    }

    @Override
    public int compareTo(OperatorKey other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        String name = kind.name().toLowerCase(java.util.Locale.ROOT);
        return layer == NO_LAYER ? name : "blk." + layer + "." + name;
    }
}
