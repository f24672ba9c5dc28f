package dev.sparsellm.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.util.Objects;

/** What a request can say beyond what all models understand. Values not set are the model's own. */
public final class SparseLlmChatRequestParameters extends DefaultChatRequestParameters {

    private final String provider;
    private final Long seed;
    private final Double minP;
    private final Double repetitionPenalty;

    private SparseLlmChatRequestParameters(Builder builder) {
        super(builder);
        provider = builder.provider;
        seed = builder.seed;
        minP = builder.minP;
        repetitionPenalty = builder.repetitionPenalty;
    }

    /** Who computes, such as {@code dense} or {@code chess:sparsity=0.7}; null for the model's own. */
    public String provider() {
        return provider;
    }

    /** Of the random numbers; null for another one each time. */
    public Long seed() {
        return seed;
    }

    /** Only tokens with this share of the likeliest one's probability. */
    public Double minP() {
        return minP;
    }

    /** Makes recent tokens less likely; 1 is off. */
    public Double repetitionPenalty() {
        return repetitionPenalty;
    }

    @Override
    public ChatRequestParameters overrideWith(ChatRequestParameters that) {
        return builder().overrideWith(this).overrideWith(that).build();
    }

    @Override
    public ChatRequestParameters defaultedBy(ChatRequestParameters that) {
        return builder().overrideWith(that).overrideWith(this).build();
    }

    @Override
    public boolean equals(Object other) {
        return super.equals(other)
                && other instanceof SparseLlmChatRequestParameters that
                && Objects.equals(provider, that.provider)
                && Objects.equals(seed, that.seed)
                && Objects.equals(minP, that.minP)
                && Objects.equals(repetitionPenalty, that.repetitionPenalty);
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), provider, seed, minP, repetitionPenalty);
    }

    @Override
    public String toString() {
        return "SparseLlmChatRequestParameters{" + super.toString() + ", provider=" + provider + ", seed=" + seed + ", minP="
                + minP + ", repetitionPenalty=" + repetitionPenalty + "}";
    }

    /** A builder with nothing set. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds {@link SparseLlmChatRequestParameters}. */
    public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {

        private String provider;
        private Long seed;
        private Double minP;
        private Double repetitionPenalty;

        private Builder() {}

        @Override
        public Builder overrideWith(ChatRequestParameters parameters) {
            super.overrideWith(parameters);
            if (parameters instanceof SparseLlmChatRequestParameters ours) {
                provider = ours.provider == null ? provider : ours.provider;
                seed = ours.seed == null ? seed : ours.seed;
                minP = ours.minP == null ? minP : ours.minP;
                repetitionPenalty = ours.repetitionPenalty == null ? repetitionPenalty : ours.repetitionPenalty;
            }
            return this;
        }

        /** Who computes, such as {@code dense} or {@code chess:sparsity=0.7}. */
        public Builder provider(String provider) {
            this.provider = provider;
            return this;
        }

        /** Of the random numbers. */
        public Builder seed(Long seed) {
            this.seed = seed;
            return this;
        }

        /** Only tokens with this share of the likeliest one's probability. */
        public Builder minP(Double minP) {
            this.minP = minP;
            return this;
        }

        /** Makes recent tokens less likely; 1 is off. */
        public Builder repetitionPenalty(Double repetitionPenalty) {
            this.repetitionPenalty = repetitionPenalty;
            return this;
        }

        @Override
        public SparseLlmChatRequestParameters build() {
            return new SparseLlmChatRequestParameters(this);
        }
    }
}
