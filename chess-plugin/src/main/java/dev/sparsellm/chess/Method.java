package dev.sparsellm.chess;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** How channels are weighted against each other, and what is done about those left out. */
enum Method {
    /** One threshold for all channels of a layer's feed-forward block (COLM 2024). */
    CATS("cats"),
    /** A channel's gate weighs as much as its up projection is large on average (EMNLP 2024). */
    CHESS("chess"),
    /** Weights are expected errors of the output; what is left out counts with its mean. */
    CHESS_PLUS("chess+"),
    /** Like chess+, with the error that is left after compensation in place of that before. */
    CHESS_PLUS_PLUS("chess++");

    private final String word;

    Method(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    /** Whether channels left out are replaced by their mean, rather than by zero. */
    boolean compensates() {
        return this == CHESS_PLUS || this == CHESS_PLUS_PLUS;
    }

    /** How values at a place shift under this method; empty where that was not recorded. */
    Optional<ShiftStatistics.Kind> shift(Site site) {
        return switch (this) {
            case CATS, CHESS -> Optional.of(ShiftStatistics.Kind.PLAIN);
            case CHESS_PLUS -> Optional.of(ShiftStatistics.Kind.COMPENSATED);
            // It leaves out what is near its mean, not near zero.
            case CHESS_PLUS_PLUS -> Optional.of(ShiftStatistics.Kind.COMPENSATED).filter(kind -> site != Site.OUTPUT);
        };
    }

    static Method of(String word) {
        return Arrays.stream(values()).filter(m -> m.word.equals(word)).findFirst().orElseThrow();
    }

    static List<String> words() {
        return Arrays.stream(values()).map(Method::word).toList();
    }

    /**
     * What a unit of each channel's value is worth: w in {@code t_i = τ / w_i}.
     *
     * @param rms whether {@link #CHESS} takes the root mean square of up rather than the mean magnitude
     * @return {@code [channels]}
     */
    double[] weights(Site site, Profile.Place place, long positions, boolean rms) {
        boolean hidden = site == Site.FEED_FORWARD;
        double[] weights = new double[place.norms().length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = switch (this) {
                case CATS -> 1;
                case CHESS -> !hidden ? 1 : rms ? upRms(place, positions, i) : upMagnitude(place, positions, i);
                case CHESS_PLUS, CHESS_PLUS_PLUS -> place.norms()[i] * (hidden ? upRms(place, positions, i) : 1);
            };
        }
        return weights;
    }

    private static double upMagnitude(Profile.Place place, long positions, int channel) {
        return place.seen().upMagnitudes().get(channel) / positions;
    }

    private static double upRms(Profile.Place place, long positions, int channel) {
        return Math.sqrt(place.seen().upSquares().get(channel) / positions);
    }
}
