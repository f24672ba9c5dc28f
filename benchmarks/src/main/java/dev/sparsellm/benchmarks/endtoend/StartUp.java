package dev.sparsellm.benchmarks.endtoend;

import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * From the start of a JVM to the first token, and how fast further ones follow while code is still being compiled:
 * {@code benchmarks/start-up MODEL [PROVIDER [TOKENS]]}. Run it twice: the first run reads the file from disk.
 */
public final class StartUp {

    private static final int TOKENS = 64;

    private StartUp() {}

    /** Ends the JVM with 2 where the model is missing. */
    public static void main(String[] args) {
        if (args.length == 0) {
            System.err.println("benchmarks/start-up: give a model, and perhaps a provider and a number of tokens");
            System.exit(2);
        }
        run(Path.of(args[0]), args.length > 1 ? args[1] : "dense",
                args.length > 2 ? Integer.parseInt(args[2]) : TOKENS, System.out);
    }

    static void run(Path file, String provider, int tokens, PrintStream out) {
        // By the wall clock, since only that was read when the JVM began.
        double jvm = (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / 1e3;
        long begin = System.nanoTime();
        List<Long> written = new ArrayList<>();
        try (Model model = Model.load(file, ModelOptions.defaults().withProviders(provider))) {
            long loaded = System.nanoTime();
            int[] prompt;
            try (Session session = model.newSession()) {
                long ready = System.nanoTime();
                prompt = session.prompt(DemoTexts.PROMPT);
                GenerationRequest request =
                        new GenerationRequest(prompt, tokens, SamplingOptions.greedy(), List.of(), true);
                session.generate(request, (id, text) -> written.add(System.nanoTime()));
                out.printf(Locale.ROOT, "JVM %.2f s, model opened %.2f s, providers ready %.2f s, prompt of %d tokens"
                                + " read %.2f s: first token after %.2f s%n",
                        jvm, (loaded - begin) / 1e9, (ready - loaded) / 1e9, prompt.length,
                        (written.getFirst() - ready) / 1e9, jvm + (written.getFirst() - begin) / 1e9);
            }
        }
        for (int from = 1; from < written.size(); from *= 2) {
            int to = Math.min(2 * from, written.size());
            out.printf(Locale.ROOT, "tokens %d to %d: %.1f a second%n", from + 1, to,
                    (to - from) * 1e9 / (written.get(to - 1) - written.get(from - 1)));
        }
    }
}
