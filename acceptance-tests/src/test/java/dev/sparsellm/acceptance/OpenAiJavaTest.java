package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionCreateParams;
import dev.sparsellm.runtime.serve.ModelServer;
import dev.sparsellm.server.DemoServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** OpenAI's own client for Java. */
@Timeout(120)
class OpenAiJavaTest {

    private static ModelServer.Running server;
    private static OpenAIClient client;

    @BeforeAll
    static void start() {
        server = DemoServer.get().start(options -> options.withApiKey(Optional.of("secret")));
        client = client(server.address(), "secret");
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
    }

    private static OpenAIClient client(URI address, String key) {
        return OpenAIOkHttpClient.builder().baseUrl(address + "v1").apiKey(key).maxRetries(0).build();
    }

    private static ChatCompletionCreateParams.Builder order() {
        return ChatCompletionCreateParams.builder()
                .model("demo")
                .addUserMessage("Once upon a time there was a king")
                .maxCompletionTokens(12)
                .temperature(0.0);
    }

    private static String text(ChatCompletion completion) {
        return completion.choices().getFirst().message().content().orElseThrow();
    }

    @Test
    void chats_with_usage_probabilities_and_a_provider_of_its_choice() {
        ChatCompletion completion = client.chat().completions().create(order().logprobs(true).topLogprobs(2).build());
        assertThat(text(completion)).isNotBlank();
        assertThat(completion.usage().orElseThrow().completionTokens()).isEqualTo(12);
        assertThat(completion.choices().getFirst().finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
        var logprobs = completion.choices().getFirst().logprobs().orElseThrow().content().orElseThrow();
        assertThat(logprobs).hasSize(12).allMatch(token -> token.topLogprobs().size() == 2 && token.logprob() < 0);
        ChatCompletion dense = client.chat().completions()
                .create(order().putAdditionalBodyProperty("provider", JsonValue.from("dense")).build());
        assertThat(text(dense)).isNotEqualTo(text(completion));
        ChatCompletion byHeader = client.chat().completions().create(order().putAdditionalHeader("provider", "dense").build());
        assertThat(text(byHeader)).isEqualTo(text(dense));
        ChatCompletion stopped = client.chat().completions()
                .create(order().model("demo:dense").stop(text(dense).substring(5, 9)).build());
        assertThat(text(stopped)).isEqualTo(text(dense).substring(0, 5));
        assertThat(stopped.choices().getFirst().finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.STOP);
    }

    @Test
    void streams_what_it_would_get_whole() {
        String whole = text(client.chat().completions().create(order().build()));
        ChatCompletionCreateParams params =
                order().streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build()).build();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(params)) {
            List<ChatCompletionChunk> chunks = stream.stream().toList();
            assertThat(chunks.stream()
                            .flatMap(chunk -> chunk.choices().stream())
                            .flatMap(choice -> choice.delta().content().stream())
                            .collect(Collectors.joining()))
                    .isEqualTo(whole);
            assertThat(chunks.getLast().usage().orElseThrow().completionTokens()).isEqualTo(12);
        }
    }

    @Test
    void completes_and_lists_models() {
        var completion = client.completions()
                .create(CompletionCreateParams.builder().model("demo").prompt("Once").maxTokens(4).temperature(0.0).build());
        assertThat(completion.choices().getFirst().text()).isNotBlank();
        assertThat(client.models().list().data().stream().map(model -> model.id()))
                .containsExactly("demo", "demo:chess", "demo:dense");
        assertThat(client.models().retrieve("demo").id()).isEqualTo("demo");
    }

    @Test
    void turns_refusals_into_its_own_exceptions() throws Exception {
        assertThatThrownBy(() -> client.chat().completions().create(order().model("gpt-4o").build()))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("there are: demo");
        assertThatThrownBy(() -> client.chat().completions().create(order().temperature(-1.0).build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("temperature");
        OpenAIClient stranger = client(server.address(), "guess");
        assertThatThrownBy(() -> stranger.models().list()).isInstanceOf(UnauthorizedException.class);
        stranger.close();
        try (ModelServer.Running busy =
                DemoServer.get().start(options -> options.withQueue(1, 0).withLengths(1 << 20, 1 << 20))) {
            OpenAIClient late = client(busy.address(), "none");
            var first = HttpClient.newHttpClient().send(
                    HttpRequest.newBuilder(busy.address().resolve("/v1/completions"))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(
                                    "{\"prompt\":\"Once\",\"max_tokens\":100000,\"ignore_eos\":true,\"stream\":true}"))
                            .build(),
                    HttpResponse.BodyHandlers.ofInputStream());
            assertThatThrownBy(() -> late.chat().completions().create(order().build()))
                    .isInstanceOf(RateLimitException.class);
            first.body().close();
            late.close();
        }
    }
}
