package dev.sparsellm.runtime.compare;

import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything measured about two lineups of one model. Stays valid when the model is closed.
 *
 * @param subject the model
 * @param request what was done with it
 * @param a the first lineup, the reference
 * @param b the second
 * @param writing what both write, and how fast
 * @param quality how far their predictions are apart
 */
public record Comparison(
        Subject subject, Request request, Contender a, Contender b, SideBySide writing, TextQuality quality) {

    /**
     * The model, and what ran it.
     *
     * @param file its path
     * @param kernels such as {@code vector-512}
     */
    public record Subject(
            String name, String file, String fingerprint, int layers, int vocab, String kernels, int threads) {}

    /**
     * What to do.
     *
     * @param prompt to write on from
     * @param maxTokens the most tokens to write
     * @param sampling how to choose them; both lineups get the same seed
     * @param rounds as in {@link SideBySide#of}
     * @param windows the text to compare predictions on
     * @param textName what that text is, in a few words
     */
    public record Request(
            String prompt, int maxTokens, SamplingOptions sampling, int rounds, Windows windows, String textName) {}

    /**
     * One of the two lineups.
     *
     * @param preference as asked for
     * @param providers ids of those that compute something
     * @param settings of its providers, in force, by key
     * @param summaries what its providers say of themselves
     * @param traffic weights read for one token
     * @param layers what was left out; none counted where everything is exact
     */
    public record Contender(
            String preference,
            List<String> providers,
            SortedMap<String, String> settings,
            List<String> summaries,
            WeightTraffic traffic,
            List<LayerSparsity> layers) {

        static Contender of(ModelDescription model, Lineup lineup, Map<OperatorKey, Usage> usages) {
            SortedMap<String, String> settings = new TreeMap<>();
            lineup.members().forEach(member -> settings.putAll(member.settings()));
            return new Contender(
                    lineup.name(),
                    lineup.members().stream().map(Lineup.Member::id).toList(),
                    settings,
                    lineup.members().stream()
                            .map(Lineup.Member::operators)
                            .map(PreparedOperators::summary)
                            .filter(summary -> !summary.isEmpty())
                            .toList(),
                    WeightTraffic.of(model, usages),
                    LayerSparsity.of(model.shape().layers(), usages));
        }

        /** Whether anything was left out that somebody counted. */
        public boolean isSparse() {
            return layers.stream().anyMatch(LayerSparsity::counted);
        }
    }

    /**
     * Compares. Quality first: that warms the code up for measuring speed.
     *
     * @param a preference of the reference, such as {@code dense}
     * @param b preference of the other, such as {@code chess:sparsity=0.7}
     * @throws IllegalArgumentException if the prompt is empty
     */
    public static Comparison of(Model model, String a, String b, Request request, ProgressSink progress) {
        int[] prompt = model.tokenizer().encode(request.prompt(), new EncodeOptions(true, false));
        Lineup first = model.lineup(a);
        Lineup second = model.lineup(b);
        TextQuality quality = TextQuality.of(model, first, second, request.windows(), progress);
        SideBySide writing = SideBySide.of(
                model,
                first,
                second,
                new GenerationRequest(prompt, request.maxTokens(), request.sampling()),
                prompt.length + request.maxTokens(),
                request.rounds(),
                progress);
        ModelDescription description = model.description();
        return new Comparison(
                new Subject(
                        description.name(),
                        model.path().toString(),
                        description.fingerprint(),
                        description.shape().layers(),
                        description.shape().vocab(),
                        model.kernels(),
                        model.threads()),
                request,
                Contender.of(description, first, quality.referenceUsage()),
                Contender.of(description, second, quality.otherUsage()),
                writing,
                quality);
    }

    /** How many times as fast the second could be if reading weights were all that takes time. */
    public double idealSpeedRatio() {
        return a.traffic().bytes() / b.traffic().bytes();
    }
}
