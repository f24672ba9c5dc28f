package dev.sparsellm.benchmarks.endtoend;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.compare.WeightTraffic;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.util.List;

/** This project's runtime under one preference, in this JVM. */
final class OurRuntime implements Contender, AutoCloseable {

    private final String name;
    private final Model model;
    private final Session session;
    private final GenerationRequest request;

    OurRuntime(Model model, Entrant entrant, int[] prompt, int tokens) {
        name = entrant.name();
        this.model = model;
        session = model.newSession(model.lineup(entrant.preference()), prompt.length + tokens);
        request = new GenerationRequest(prompt, tokens, SamplingOptions.greedy(), List.of(), true);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean endsProcess() {
        return false;
    }

    @Override
    public Speeds round() {
        session.reset();
        Generation generation = session.generate(request, TokenSink.NONE);
        return new Speeds(generation.promptTokensPerSecond(), generation.tokensPerSecond());
    }

    /** Weights read for a token so far. */
    WeightTraffic traffic() {
        return WeightTraffic.of(model.description(), session.usages());
    }

    @Override
    public void close() {
        session.close();
    }
}
