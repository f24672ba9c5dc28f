package dev.sparsellm.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.spi.ProviderException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What LangChain4j's suites do not ask. */
class SparseLlmModelsTest {

    private static final String PROMPT = "Once upon a time there was a king";

    private static String written() {
        try (Session session = DemoChat.model().newSession()) {
            return session.generate(
                    new GenerationRequest(session.prompt(PROMPT), 16, SamplingOptions.greedy()), TokenSink.NONE).text();
        }
    }

    @Test
    void an_answer_is_what_the_runtime_writes() {
        ChatResponse response =
                DemoChat.chat().temperature(0.0).minP(0.0).maxOutputTokens(16).build().chat(UserMessage.from(PROMPT));
        assertThat(response.aiMessage().text()).isEqualTo(written());
        assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(16);
        assertThat(response.finishReason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void a_stream_is_the_same_in_parts() {
        StringBuilder parts = new StringBuilder();
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        DemoChat.streaming().temperature(0.0).maxOutputTokens(16).build().chat(PROMPT, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String part) {
                parts.append(part);
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                whole.complete(response);
            }

            @Override
            public void onError(Throwable error) {
                whole.completeExceptionally(error);
            }
        });
        assertThat(whole.join().aiMessage().text()).isEqualTo(parts.toString()).isEqualTo(written());
    }

    @Test
    void what_a_handler_throws_comes_back_as_an_error() {
        CompletableFuture<Throwable> told = new CompletableFuture<>();
        RuntimeException thrown = new RuntimeException("the handler's own");
        DemoChat.streaming().maxOutputTokens(4).build().chat(PROMPT, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String part) {
                throw thrown;
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {}

            @Override
            public void onError(Throwable error) {
                told.complete(error);
            }
        });
        assertThat(told.join()).isSameAs(thrown);
    }

    @Test
    void stop_sequences_end_before_themselves() {
        String stop = written().substring(8, 12);
        ChatResponse response = DemoChat.chat().temperature(0.0).maxOutputTokens(16).stopSequences(List.of(stop)).build()
                .chat(UserMessage.from(PROMPT));
        assertThat(response.aiMessage().text()).isEqualTo(written().substring(0, written().indexOf(stop)));
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void a_seed_repeats_and_a_request_may_have_its_own() {
        SparseLlmChatModel model = DemoChat.chat().temperature(1.5).seed(7L).maxOutputTokens(16).build();
        assertThat(model.chat(PROMPT)).isEqualTo(model.chat(PROMPT));
        ChatRequest other = ChatRequest.builder()
                .messages(UserMessage.from(PROMPT))
                .parameters(SparseLlmChatRequestParameters.builder().seed(8L).build())
                .build();
        assertThat(model.chat(other).aiMessage().text()).isNotEqualTo(model.chat(PROMPT));
    }

    @Test
    void parameters_of_a_request_go_before_the_models() {
        var mine = SparseLlmChatRequestParameters.builder().provider("dense").seed(1L).temperature(0.5).build();
        var theirs = SparseLlmChatRequestParameters.builder().seed(2L).minP(0.1).build();
        var both = (SparseLlmChatRequestParameters) mine.overrideWith(theirs);
        assertThat(both.provider()).isEqualTo("dense");
        assertThat(both.seed()).isEqualTo(2);
        assertThat(both.minP()).isEqualTo(0.1);
        assertThat(both.temperature()).isEqualTo(0.5);
        assertThat(mine.defaultedBy(theirs)).isEqualTo(SparseLlmChatRequestParameters.builder()
                .provider("dense").seed(1L).temperature(0.5).minP(0.1).build());
    }

    @Test
    void conversations_are_written_in_the_format_asked_for() {
        SparseLlmChatModel model = DemoChat.chat().chatFormat("llama2").maxOutputTokens(1).build();
        int plain = DemoChat.chat().maxOutputTokens(1).build().chat(UserMessage.from(PROMPT)).tokenUsage().inputTokenCount();
        assertThat(model.chat(UserMessage.from(PROMPT)).tokenUsage().inputTokenCount()).isGreaterThan(plain);
        assertThat(model.chat(SystemMessage.from("Tell."), UserMessage.from("a"), AiMessage.from("b"), UserMessage.from("c"))
                        .aiMessage().text())
                .isNotNull();
        assertThatThrownBy(() -> model.chat(UserMessage.from("a"), UserMessage.from("b")))
                .hasMessageContaining("does not end with the user's");
    }

    @Test
    void what_cannot_be_is_said_when_building() {
        assertThatThrownBy(() -> SparseLlmChatModel.builder().build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("modelPath");
        assertThatThrownBy(() -> SparseLlmChatModel.builder().modelPath(Path.of("gone.gguf")).build())
                .hasMessageContaining("gone.gguf");
        assertThatThrownBy(() -> DemoChat.chat().provider("nobody").build())
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("nobody");
        assertThatThrownBy(() -> DemoChat.chat().temperature(-1.0).build()).hasMessageContaining("temperature");
        assertThatThrownBy(() -> DemoChat.chat().chatFormat("nonsense").build()).hasMessageContaining("llama3");
        assertThatThrownBy(() -> DemoChat.chat().build().chat(ChatRequest.builder()
                        .messages(UserMessage.from("a")).modelName("gpt-4o").build()))
                .isInstanceOf(UnsupportedFeatureException.class);
    }
}
