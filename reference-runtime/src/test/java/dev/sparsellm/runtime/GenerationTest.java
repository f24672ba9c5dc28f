package dev.sparsellm.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.runtime.Generation.StopReason;
import org.junit.jupiter.api.Test;

class GenerationTest {

    @Test
    void speedIsThatOfPassesNotOfTheTokenThatThePromptGave() {
        assertThat(written(5, StopReason.LENGTH).decodePasses()).isEqualTo(4);
        assertThat(written(5, StopReason.LENGTH).tokensPerSecond()).isEqualTo(2);
        assertThat(written(4, StopReason.END).tokensPerSecond()).as("the end mark cost a pass").isEqualTo(2);
        assertThat(written(1, StopReason.CONTEXT_FULL).tokensPerSecond()).isZero();
        assertThat(written(0, StopReason.END).tokensPerSecond()).isZero();
        assertThat(new Generation("", new int[3], 1, 1, 0, StopReason.LENGTH).tokensPerSecond()).isZero();
    }

    private static Generation written(int tokens, StopReason stop) {
        return new Generation("", new int[tokens], 1, 1, 2_000_000_000L, stop);
    }
}
