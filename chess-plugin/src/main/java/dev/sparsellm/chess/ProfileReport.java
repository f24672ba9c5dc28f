package dev.sparsellm.chess;

import dev.sparsellm.spi.Report;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a profile holds, and what follows from it at the levels asked for. */
final class ProfileReport {

    private static final List<String> COLUMNS = List.of(
            "layer", "place", "asked", "share", "drift", "correction", "tau", "limit min", "limit median", "limit max",
            "compensation", "mean weight");

    private final Profile profile;
    private final ChessSettings settings;

    ProfileReport(Profile profile, ChessSettings settings) {
        this.profile = profile;
        this.settings = settings;
    }

    Report report() {
        List<List<Object>> rows = new ArrayList<>();
        for (int layer = 0; layer < profile.layers().size(); layer++) {
            for (Site site : Suitability.wanted(settings)) {
                rows.add(row(layer, site));
            }
        }
        String title = "Thresholds by " + settings.inWords()
                + "; share: of values left out on the calibration's text, run exactly; drift: how much more plain thresholds"
                + " leave out where text is written and all places are thinned out, measured at calibration; correction:"
                + " what tau is multiplied with for that; compensation: norm of the output it adds, at most";
        return new Report(facts(), List.of(new Report.Table(title, COLUMNS, rows)));
    }

    private Map<String, String> facts() {
        Provenance made = profile.provenance();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("model", made.modelName());
        facts.put("fingerprint", made.fingerprint());
        facts.put("layers", Integer.toString(profile.layers().size()));
        facts.put("text", "%d tokens, SHA-256 of their ids %s".formatted(made.textTokens(), made.textHash()));
        facts.put("windows", "%s of %d, of %d tokens each, seed %d"
                .formatted(made.doneRanges(), made.windows(), made.window(), made.seed()));
        facts.put("positions", Long.toString(made.positions()));
        profile.budget().ifPresent(budget -> facts.put("budget", budget.inWords()));
        facts.put("resolution", "%d of %d".formatted(profile.resolution(), Site.FINEST));
        return facts;
    }

    private List<Object> row(int layer, Site site) {
        Profile.Place place = profile.layers().get(layer).at(site);
        long positions = profile.provenance().positions();
        double share = settings.share(site, layer, profile.budget());
        Selection selection = settings.select(site, place, positions, share);
        float[] limits = selection.upper().clone();
        Arrays.sort(limits);
        double mean = Arrays.stream(settings.method().weights(site, place, positions, settings.rms()))
                .average()
                .orElse(Double.NaN);
        return List.of(
                (long) layer,
                site.key(),
                share,
                selection.share(),
                settings.drift(site, place, share),
                settings.correction(site, place, share),
                selection.tau(),
                (double) limits[0],
                (double) limits[limits.length / 2],
                (double) limits[limits.length - 1],
                compensation(selection, place),
                mean);
    }

    /** Σ |m_i| ‖W[:, i]‖₂, which bounds ‖W m‖₂: a profile has no weights to multiply with. */
    private static double compensation(Selection selection, Profile.Place place) {
        double sum = 0;
        for (int i = 0; i < selection.channels(); i++) {
            sum += Math.abs(selection.substitutes()[i]) * place.norms()[i];
        }
        return sum;
    }
}
