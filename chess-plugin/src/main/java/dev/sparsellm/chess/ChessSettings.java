package dev.sparsellm.chess;

import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.SettingsException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a user may tune, read from {@link Settings}.
 *
 * @param enabled false takes no operator at all
 * @param method how channels are chosen
 * @param rms whether method chess weighs by the root mean square of up
 * @param auto whether shares are those of the profile's budget
 * @param sparsity share of hidden channels to leave out; NaN where it is the budget's
 * @param attention whether Q and O are served
 * @param attentionSparsity share of the inputs of Q and O to leave out; 0 where attention is off, NaN where it is the
 *     budget's
 * @param maskedPrefill whether text that is only read is thinned out too
 * @param denseTokens so many first positions of a text are run exactly
 * @param hold whether bounds follow the text so that the share left out stays what was asked for
 * @param crossover from which share on what is left out is not read either; NaN: where that is faster on this machine
 * @param corrected whether thresholds allow for what masking shifts
 * @param profile the profile to use, or empty for one of our own
 * @param cache where to keep things, instead of the host's folder
 */
record ChessSettings(
        boolean enabled,
        Method method,
        boolean rms,
        boolean auto,
        double sparsity,
        boolean attention,
        double attentionSparsity,
        boolean maskedPrefill,
        int denseTokens,
        boolean hold,
        double crossover,
        boolean corrected,
        Optional<Path> profile,
        Optional<Path> cache) {

    static final String ENABLED = "chess.enabled";
    static final String METHOD = "chess.method";
    static final String WEIGHT = "chess.weight";
    static final String SPARSITY = "chess.sparsity";
    static final String ATTENTION = "chess.attention";
    static final String ATTENTION_SPARSITY = "chess.attention.sparsity";
    static final String PREFILL = "chess.prefill";
    static final String CROSSOVER = "chess.crossover";
    static final String THRESHOLDS = "chess.thresholds";
    static final String DENSE_TOKENS = "chess.dense.tokens";
    static final String HOLD = "chess.hold";
    static final String PROFILE = "chess.profile";
    static final String CACHE = "chess.cache";

    /** Accuracy falls off long before this; there is no use in more. */
    static final double MAX_SPARSITY = 0.95;

    private static final int MAX_POSITIONS = 1 << 24;

    /** In the place of a share: each operator's own, from the budget that calibrate found; of a crossover: measured. */
    private static final String AUTO = "auto";

    static List<Setting> declared() {
        Setting.Type share = new Setting.Type.Decimal(0, MAX_SPARSITY, List.of());
        return List.of(
                new Setting(ENABLED, new Setting.Type.Flag(), "true", "false runs everything dense"),
                new Setting(
                        METHOD,
                        new Setting.Type.Choice(Method.words()),
                        Method.CHESS_PLUS.word(),
                        "how channels are chosen: by one threshold a layer (cats), weighted by the up projection"
                                + " (chess), by expected error, with compensation (chess+), or by the error left after"
                                + " it (chess++)"),
                new Setting(
                        WEIGHT,
                        new Setting.Type.Choice(List.of("mean", "rms")),
                        "",
                        "what method chess takes of the up projection: mean magnitude, unless set, or rms"),
                new Setting(
                        SPARSITY,
                        new Setting.Type.Decimal(0, MAX_SPARSITY, List.of(AUTO)),
                        "0.5",
                        "share of the hidden channels left out of up and down projections; auto: each operator's own, as"
                                + " calibrate --target found it"),
                new Setting(
                        ATTENTION,
                        new Setting.Type.Flag(),
                        "",
                        "whether inputs of the Q and O projections are left out too; true, but false for cats"),
                new Setting(
                        ATTENTION_SPARSITY, share, "", "share of the inputs of Q and O left out; as chess.sparsity"),
                new Setting(
                        PREFILL,
                        new Setting.Type.Choice(List.of("dense", "masked")),
                        "dense",
                        "how the prompt is read: exactly, or thinned out like what is generated"),
                new Setting(
                        DENSE_TOKENS,
                        new Setting.Type.Decimal(0, MAX_POSITIONS, List.of()),
                        "0",
                        "so many first tokens of a text, prompt included, are run exactly"),
                new Setting(
                        HOLD,
                        new Setting.Type.Flag(),
                        "false",
                        "whether thresholds follow the text while writing, so that the share left out stays what was asked"
                                + " for"),
                new Setting(
                        CROSSOVER,
                        new Setting.Type.Decimal(0, 1, List.of(AUTO)),
                        AUTO,
                        "operators that leave out a smaller share than this run dense on what is kept; auto: as measured"
                                + " once on this machine to be faster; 0 never does"),
                new Setting(
                        THRESHOLDS,
                        new Setting.Type.Choice(List.of("corrected", "plain")),
                        "corrected",
                        "whether thresholds of Q and O inputs are corrected for what masking earlier layers changes, so"
                                + " that the share left out is the one asked for, or plain, as published"),
                new Setting(
                        PROFILE,
                        new Setting.Type.PathName(),
                        "",
                        "a profile made by calibrate; without, one is made on first use and cached"),
                new Setting(CACHE, new Setting.Type.PathName(), "", "folder for cached profiles and repacked weights"));
    }

    /** @throws SettingsException where values do not go together */
    static ChessSettings of(Settings settings) {
        Method method = Method.of(settings.text(METHOD));
        boolean attention = settings.find(ATTENTION).map(Boolean::parseBoolean).orElse(method != Method.CATS);
        if (attention && method == Method.CATS) {
            throw new SettingsException(
                    ATTENTION + " is true, but method cats leaves attention alone: set it to false, or " + METHOD
                            + " to chess or chess+");
        }
        if (!attention && settings.find(ATTENTION_SPARSITY).isPresent()) {
            throw new SettingsException(ATTENTION_SPARSITY + " is given, but attention is off: leave it unset, or set "
                    + ATTENTION + " to true" + (method == Method.CATS ? " and " + METHOD + " to chess or chess+" : ""));
        }
        if (method != Method.CHESS && settings.find(WEIGHT).isPresent()) {
            throw new SettingsException(WEIGHT + " is given, but only method chess has a choice of weights: leave it"
                    + " unset, or set " + METHOD + " to chess");
        }
        boolean auto = settings.text(SPARSITY).equals(AUTO);
        double sparsity = auto ? Double.NaN : settings.decimal(SPARSITY);
        return new ChessSettings(
                settings.flag(ENABLED),
                method,
                settings.find(WEIGHT).map("rms"::equals).orElse(false),
                auto,
                sparsity,
                attention,
                !attention ? 0 : settings.find(ATTENTION_SPARSITY).map(Double::parseDouble).orElse(sparsity),
                settings.text(PREFILL).equals("masked"),
                (int) settings.decimal(DENSE_TOKENS),
                settings.flag(HOLD),
                settings.text(CROSSOVER).equals(AUTO) ? Double.NaN : settings.decimal(CROSSOVER),
                settings.text(THRESHOLDS).equals("corrected"),
                settings.path(PROFILE),
                settings.path(CACHE));
    }

    /** The share to leave out at a place; NaN where it is the budget's. */
    double share(Site site) {
        return site == Site.FEED_FORWARD ? sparsity : attentionSparsity;
    }

    /**
     * The share to leave out at a place of a layer.
     *
     * @param budget the profile's
     * @throws ProviderException if it is the budget's, and there is none
     */
    double share(Site site, int layer, Optional<Budget> budget) {
        double share = share(site);
        return !Double.isNaN(share)
                ? share
                : budget.map(found -> (double) found.share(site, layer)).orElseThrow(() -> new ProviderException(SPARSITY
                        + " is " + AUTO + ", and the profile holds no budget: make one with calibrate --target, and name it"
                        + " with " + PROFILE));
    }

    /** These settings at one share everywhere that is wanted. */
    ChessSettings at(double share) {
        return new ChessSettings(
                enabled, method, rms, false, share, attention, attention ? share : 0, maskedPrefill, denseTokens,
                hold, crossover, corrected, profile, cache);
    }

    /** Whether nothing is ever left out. */
    boolean exact() {
        return sparsity == 0 && attentionSparsity == 0;
    }

    /** Places thresholds at a site, so that a share is left out. */
    Selection select(Site site, Profile.Place place, long positions, double share) {
        return select(site, place, positions, share, new ThresholdSolver(site, place.seen()));
    }

    /** As above, by a solver of the place that may have been used for other shares. */
    Selection select(Site site, Profile.Place place, long positions, double share, ThresholdSolver solver) {
        return method == Method.CHESS_PLUS_PLUS
                ? solver.solveByError(place.norms(), share, correction(site, place, share))
                : solver.solve(
                        method.weights(site, place, positions, rms),
                        share,
                        correction(site, place, share),
                        method.compensates());
    }

    /** What thresholds at a site are multiplied with. Hidden channels hardly shift (by 0.01 at most), and are left. */
    double correction(Site site, Profile.Place place, double share) {
        return corrected && site != Site.FEED_FORWARD
                ? method.shift(site).map(kind -> place.shift().correction(kind, share)).orElse(1.0)
                : 1;
    }

    /** How much more than its share plain thresholds would leave out at a site; NaN where that is not known. */
    double drift(Site site, Profile.Place place, double share) {
        return method.shift(site).map(kind -> place.shift().drift(kind, share)).orElse(Double.NaN);
    }

    /** Method and levels in a few words. */
    String inWords() {
        return String.format(
                Locale.ROOT,
                "%s%s, sparsity %s, attention %s, prompt %s%s%s%s",
                method.word(),
                rms ? " (rms)" : "",
                word(sparsity),
                attentionSparsity == 0 ? "dense" : word(attentionSparsity),
                maskedPrefill ? "masked" : "dense",
                denseTokens == 0 ? "" : ", first " + denseTokens + " tokens dense",
                hold ? ", shares held" : "",
                corrected ? "" : ", thresholds plain");
    }

    private static String word(double share) {
        return Double.isNaN(share) ? AUTO : Double.toString(share);
    }

    /** What is done so that it hurts less. */
    Protection protection() {
        return new Protection(maskedPrefill, denseTokens, hold);
    }

    /** How channels are chosen, without how many. */
    String choiceInWords() {
        return method.word() + (rms ? " (rms)" : "") + (attention ? "" : " without attention");
    }
}
