package dev.sparsellm.runtime.eval;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.eval.Question.Choice;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import dev.sparsellm.spi.ProgressSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How long two lineups write the same, greedily, after the same prompts: where multiple choice sees nothing, texts part
 * early (Sirius, NeurIPS 2024).
 *
 * @param reference the first lineup's name
 * @param other the second's
 * @param tokens how many each wrote after each prompt
 * @param agreed how many they wrote the same, for each prompt; {@code tokens} if all
 * @param sameNext share of the reference's tokens that the other would have written, too, after the same ones
 */
public record GenerationAgreement(
        String reference, String other, int tokens, List<Integer> agreed, double sameNext) {

    /** Words of a passage that make a prompt. */
    private static final int PROMPT_WORDS = 24;

    public GenerationAgreement {
        agreed = List.copyOf(agreed);
    }

    /** Lets both write, but where the journal knows the outcome. */
    public static GenerationAgreement of(
            Model model,
            Lineup reference,
            Lineup other,
            List<Choice> passages,
            int tokens,
            Journal journal,
            ProgressSink progress) {
        List<int[]> prompts = passages.stream().map(passage -> prompt(model, passage)).toList();
        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
        if (longest + tokens > model.description().shape().contextLength()) {
            throw new IllegalArgumentException("The model holds %d positions, and prompts with %d tokens behind them need %d: take fewer tokens (-n)"
                    .formatted(model.description().shape().contextLength(), tokens, longest + tokens));
        }
        Fingerprint a = Fingerprint.of(model, reference, "generation");
        Fingerprint b = Fingerprint.of(model, other, "generation");
        int vocab = model.description().shape().vocab();
        List<Integer> agreed = new ArrayList<>();
        double same = 0;
        try (Session first = model.newSession(reference, longest + tokens);
                Session second = model.newSession(other, longest + tokens);
                ProgressSink.Work work = progress.start("generation, " + other.name(), prompts.size())) {
            for (int[] prompt : prompts) {
                String key = a.with(tokens, prompt) + b.with(tokens, prompt);
                if (!journal.knows(key)) {
                    int[] expected = write(first, prompt, tokens);
                    int[] written = write(second, prompt, tokens);
                    int mismatch = Arrays.mismatch(expected, written);
                    int next = sameNext(second, prompt, expected, vocab);
                    journal.add(key, "generation", reference.name() + ", " + other.name(), String.valueOf(agreed.size()),
                            new double[] {mismatch < 0 ? tokens : mismatch, next});
                }
                double[] values = journal.values(key);
                agreed.add((int) values[0]);
                same += values[1];
                work.done(agreed.size());
            }
        }
        return new GenerationAgreement(
                reference.name(), other.name(), tokens, agreed, same / ((double) tokens * prompts.size()));
    }

    private static int[] prompt(Model model, Choice passage) {
        String[] words = passage.context().split("(?<=\\s)(?=\\S)", PROMPT_WORDS + 1);
        String text = String.join("", Arrays.copyOf(words, Math.min(words.length, PROMPT_WORDS)));
        return model.tokenizer().encode(text.stripTrailing(), new EncodeOptions(true, false));
    }

    private static int[] write(Session session, int[] prompt, int tokens) {
        session.reset();
        Generation generation = session.generate(
                new GenerationRequest(prompt, tokens, SamplingOptions.greedy(), List.of(), true), TokenSink.NONE);
        return generation.ids();
    }

    /** How many of the tokens a lineup would have written where another did. */
    private static int sameNext(Session session, int[] prompt, int[] written, int vocab) {
        int[] all = Arrays.copyOf(prompt, prompt.length + written.length);
        System.arraycopy(written, 0, all, prompt.length, written.length);
        int[] same = new int[1];
        session.reset();
        // The prompt's last row is the prompt's, as in generation.
        session.read(prompt, prompt.length - 1, (row, logits, offset) ->
                same[0] += Likeliest.of(logits, offset, vocab) == written[0] ? 1 : 0);
        session.readAsDecoding(Arrays.copyOfRange(all, prompt.length, all.length - 1), (row, logits, offset) ->
                same[0] += Likeliest.of(logits, offset, vocab) == written[row + 1] ? 1 : 0);
        return same[0];
    }

    /** The median over prompts of how many tokens they write the same. */
    public double medianAgreed() {
        double[] sorted = agreed.stream().mapToDouble(n -> n).sorted().toArray();
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    /** Share of prompts after which they write the same to the end. */
    public Proportion same() {
        boolean[] same = new boolean[agreed.size()];
        for (int i = 0; i < same.length; i++) {
            same[i] = agreed.get(i) == tokens;
        }
        return Proportion.of(same);
    }
}
