package dev.sparsellm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.runtime.serve.ModelServer;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is written, whole and as a stream, is what the runtime itself writes. */
class CompletionsTest {

    private static final String PROMPT = "Once upon a time there was a king";

    private static ModelServer.Running server;
    private static Client client;

    @BeforeAll
    static void start() {
        server = DemoServer.get().start();
        client = new Client(server.address());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String written(String provider, int tokens) {
        var model = DemoServer.get().model();
        try (Session session = model.newSession(model.lineup(provider), 128)) {
            return session.generate(
                    new GenerationRequest(session.prompt(PROMPT), tokens, SamplingOptions.greedy()), TokenSink.NONE).text();
        }
    }

    private static String greedy(String more) {
        return "{'prompt': '" + PROMPT + "', 'max_tokens': 24, 'temperature': 0" + more + "}";
    }

    private static String text(List<JsonNode> events) {
        return events.stream()
                .flatMap(event -> event.path("choices").valueStream())
                .map(choice -> choice.has("text") ? choice.get("text").asText() : choice.path("delta").path("content").asText())
                .collect(Collectors.joining());
    }

    @Test
    void each_provider_writes_what_it_writes_without_a_server() {
        String dense = written("dense", 24);
        String sparse = written("chess", 24);
        assertThat(dense).isNotEqualTo(sparse);
        Client.Reply byDefault = client.complete(greedy(""));
        assertThat(byDefault.json().at("/choices/0/text").asText()).isEqualTo(sparse);
        assertThat(client.complete(greedy(", 'provider': 'dense'")).json().at("/choices/0/text").asText()).isEqualTo(dense);
        assertThat(client.complete(greedy(", 'model': 'demo:dense'")).json().at("/choices/0/text").asText()).isEqualTo(dense);
        assertThat(client.send(client.posting("/v1/completions", greedy("").replace('\'', '"')).header("provider", "dense"))
                        .json().at("/choices/0/text").asText())
                .isEqualTo(dense);
    }

    @Test
    void two_providers_at_the_same_time_write_what_they_write_alone() {
        var dense = client.http().sendAsync(
                client.posting("/v1/completions", greedy(", 'provider': 'dense', 'stream': true").replace('\'', '"')).build(),
                java.net.http.HttpResponse.BodyHandlers.ofString());
        var sparse = client.http().sendAsync(
                client.posting("/v1/completions", greedy(", 'stream': true").replace('\'', '"')).build(),
                java.net.http.HttpResponse.BodyHandlers.ofString());
        assertThat(text(new Client.Reply(200, dense.join()).events())).isEqualTo(written("dense", 24));
        assertThat(text(new Client.Reply(200, sparse.join()).events())).isEqualTo(written("chess", 24));
    }

    @Test
    void a_whole_answer_has_its_usage_and_says_who_computed_what() {
        JsonNode answer = client.complete(greedy("")).json();
        int prompt = DemoServer.get().model().newSession().prompt(PROMPT).length;
        assertThat(answer.get("object").asText()).isEqualTo("text_completion");
        assertThat(answer.get("model").asText()).isEqualTo("demo");
        assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(prompt);
        assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(24);
        assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(prompt + 24);
        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(answer.at("/sparsellm/provider").asText()).isEqualTo("chess");
        assertThat(answer.at("/sparsellm/tokens_per_second").asDouble()).isPositive();
        assertThat(answer.at("/sparsellm/sparsity")).hasSize(DemoServer.get().model().description().shape().layers());
        assertThat(answer.at("/sparsellm/sparsity/1/feed_forward").asDouble()).isBetween(0.3, 0.7);
        assertThat(answer.at("/sparsellm/weights_read").asDouble()).isBetween(0.4, 0.95);
        JsonNode dense = client.complete(greedy(", 'provider': 'dense'")).json();
        assertThat(dense.at("/sparsellm/sparsity")).isEmpty();
        assertThat(dense.at("/sparsellm/weights_read").asDouble()).isEqualTo(1);
    }

    @Test
    void a_stream_is_the_same_in_parts_and_ends_as_asked() {
        Client.Reply reply = client.complete(greedy(", 'stream': true,"
                + " 'stream_options': {'include_usage': true, 'include_sparsity': true}"));
        assertThat(reply.header("Content-Type")).startsWith("text/event-stream");
        assertThat(reply.text()).endsWith("data: [DONE]\n\n");
        List<JsonNode> events = reply.events();
        assertThat(text(events)).isEqualTo(written("chess", 24));
        JsonNode usage = events.getLast();
        assertThat(usage.get("choices")).isEmpty();
        assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(24);
        JsonNode last = events.get(events.size() - 2);
        assertThat(last.at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(last.at("/sparsellm/tokens").asInt()).isEqualTo(24);
        assertThat(client.complete(greedy(", 'stream': true")).text()).doesNotContain("usage", "\"sparsellm\":{");
    }

    @Test
    void stop_texts_end_before_themselves() {
        String whole = written("dense", 24);
        String stop = whole.substring(20, 26);
        for (String stream : List.of("false", "true")) {
            Client.Reply reply = client.complete(greedy(", 'provider': 'dense', 'stop': ['nowhere', '" + stop
                    + "'], 'stream': " + stream));
            String text = stream.equals("true") ? text(reply.events()) : reply.json().at("/choices/0/text").asText();
            assertThat(text).isEqualTo(whole.substring(0, whole.indexOf(stop)));
            JsonNode last = stream.equals("true") ? reply.events().getLast() : reply.json();
            assertThat(last.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        }
    }

    @Test
    void the_same_seed_gives_the_same_text_and_another_another() {
        String hot = "{'prompt': '" + PROMPT + "', 'max_tokens': 24, 'temperature': 1.5, 'top_p': 0.99, 'seed': ";
        JsonNode one = client.complete(hot + "7}").json();
        JsonNode two = client.complete(hot + "7}").json();
        assertThat(two.at("/choices/0/text")).isEqualTo(one.at("/choices/0/text"));
        assertThat(two.get("system_fingerprint")).isEqualTo(one.get("system_fingerprint"));
        assertThat(client.complete(hot + "8}").json().at("/choices/0/text")).isNotEqualTo(one.at("/choices/0/text"));
    }

    @Test
    void probabilities_are_told_of_every_token() {
        JsonNode answer = client.complete(greedy(", 'logprobs': 3")).json();
        JsonNode logprobs = answer.at("/choices/0/logprobs");
        assertThat(logprobs.get("tokens")).hasSize(24);
        assertThat(logprobs.get("tokens").valueStream().map(JsonNode::asText).collect(Collectors.joining()))
                .isEqualTo(answer.at("/choices/0/text").asText());
        for (int i = 0; i < 24; i++) {
            JsonNode top = logprobs.get("top_logprobs").get(i);
            assertThat(top).hasSize(3);
            // Greedy: the token is the likeliest.
            double best = top.valueStream().mapToDouble(JsonNode::asDouble).max().orElseThrow();
            assertThat(logprobs.get("token_logprobs").get(i).asDouble()).isEqualTo(best).isNegative();
        }
        assertThat(logprobs.at("/text_offset/1").asInt()).isEqualTo(logprobs.at("/tokens/0").asText().length());
        JsonNode chat = client.chat("{'messages': [{'role': 'user', 'content': '" + PROMPT
                + "'}], 'max_tokens': 2, 'temperature': 0, 'logprobs': true, 'top_logprobs': 2}").json();
        JsonNode first = chat.at("/choices/0/logprobs/content/0");
        assertThat(first.get("logprob").asDouble())
                .isCloseTo(logprobs.at("/token_logprobs/0").asDouble(), within(1e-12));
        assertThat(first.get("bytes")).hasSize(first.get("token").asText().length());
        assertThat(first.get("top_logprobs")).hasSize(2);
        Client.Reply stream = client.complete(greedy(", 'stream': true, 'logprobs': 0"));
        assertThat(stream.events().stream().filter(e -> e.at("/choices/0/logprobs/tokens").size() == 1)).hasSize(24);
    }

    @Test
    void prompts_may_be_token_ids_and_may_be_echoed() {
        int[] ids = DemoServer.get().model().newSession().prompt(PROMPT);
        String list = java.util.Arrays.toString(ids);
        assertThat(client.complete(greedy("").replace("'" + PROMPT + "'", list)).json().at("/choices/0/text"))
                .isEqualTo(client.complete(greedy("")).json().at("/choices/0/text"));
        assertThat(client.complete(greedy(", 'echo': true")).json().at("/choices/0/text").asText())
                .isEqualTo(PROMPT + written("chess", 24));
    }

    @Test
    void without_a_format_messages_are_one_text_and_with_one_a_conversation() {
        String body = "{'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': '" + PROMPT
                + "'}]}], 'max_tokens': 24, 'temperature': 0}";
        JsonNode plain = client.chat(body).json();
        assertThat(plain.get("object").asText()).isEqualTo("chat.completion");
        assertThat(plain.at("/choices/0/message/role").asText()).isEqualTo("assistant");
        assertThat(plain.at("/choices/0/message/content").asText()).isEqualTo(written("chess", 24));
        try (ModelServer.Running formatted = DemoServer.get().start(options ->
                options.withChatFormat(java.util.Optional.of(DemoServer.get().format("llama2"))))) {
            Client other = new Client(formatted.address());
            assertThat(other.chat(body).json().at("/usage/prompt_tokens").asInt())
                    .isGreaterThan(plain.at("/usage/prompt_tokens").asInt());
            assertThat(other.chat("{'messages': [{'role': 'assistant', 'content': 'a'}]}").error())
                    .contains("Message 1 of 1 is from the assistant");
        }
    }
}
