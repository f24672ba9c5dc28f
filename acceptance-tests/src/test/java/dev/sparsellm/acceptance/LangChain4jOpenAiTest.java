package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.sparsellm.runtime.serve.ModelServer;
import dev.sparsellm.server.DemoServer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** LangChain4j, by way of its client for OpenAI. */
@Timeout(120)
class LangChain4jOpenAiTest {

    private static ModelServer.Running server;

    @BeforeAll
    static void start() {
        server = DemoServer.get().start(options -> options.withApiKey(Optional.of("secret")));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static OpenAiChatModel.OpenAiChatModelBuilder model() {
        return OpenAiChatModel.builder()
                .baseUrl(server.address() + "v1")
                .apiKey("secret")
                .modelName("demo")
                .temperature(0.0)
                .maxTokens(8)
                .maxRetries(0);
    }

    @Test
    void chats_and_chooses_a_provider() {
        ChatResponse response =
                model().build().chat(SystemMessage.from("Tell a tale."), UserMessage.from("Once upon a time"));
        assertThat(response.aiMessage().text()).isNotBlank();
        assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(8);
        assertThat(response.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(response.modelName()).isEqualTo("demo");
        String question = "Once upon a time there was a king";
        String byField = model().customParameters(Map.of("provider", "dense")).build().chat(question);
        String byName = model().modelName("demo:dense").build().chat(question);
        String byHeader = model().customHeaders(Map.of("provider", "dense")).build().chat(question);
        assertThat(byField).isEqualTo(byName).isEqualTo(byHeader);
    }

    @Test
    void streams() {
        OpenAiStreamingChatModel streaming = OpenAiStreamingChatModel.builder()
                .baseUrl(server.address() + "v1")
                .apiKey("secret")
                .modelName("demo")
                .temperature(0.0)
                .maxTokens(8)
                .build();
        StringBuilder parts = new StringBuilder();
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        streaming.chat("Once upon a time", new StreamingChatResponseHandler() {
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
        ChatResponse response = whole.join();
        assertThat(response.aiMessage().text()).isEqualTo(parts.toString()).isEqualTo(model().build().chat("Once upon a time"));
        assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(8);
    }

    @Test
    void is_told_what_is_wrong() {
        assertThatThrownBy(() -> model().apiKey("guess").build().chat("a")).isInstanceOf(AuthenticationException.class);
        assertThatThrownBy(() -> model().modelName("gpt-4o").build().chat("a"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("there are: demo");
    }
}
