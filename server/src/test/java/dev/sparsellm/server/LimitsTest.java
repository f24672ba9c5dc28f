package dev.sparsellm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.runtime.serve.ModelServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused, and how, and that nobody computes for a client that is gone. */
@Timeout(120)
class LimitsTest {

    /** More than anyone waits for. */
    private static final String ENDLESS =
            "{\"prompt\": \"Once\", \"max_tokens\": 100000, \"ignore_eos\": true, \"temperature\": 0, \"stream\": %s}";

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

    private static ModelServer.Running slow(int parallel, int queue, Duration timeout) {
        return DemoServer.get().start(options -> options.withQueue(parallel, queue)
                .withLengths(1 << 20, 1 << 20)
                .withLimits(2000, timeout));
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 600 && !condition.getAsBoolean(); i++) {
            Thread.sleep(50);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"prompt": "a"                          | 400 | not JSON
            ["a"]                                   | 400 | JSON object
            {"prompt": "a", "prompt": "b"}          | 400 | Duplicate
            {}                                      | 400 | 'prompt' is missing
            {"prompt": 7}                           | 400 | 'prompt' is 7
            {"prompt": ["a", "b"]}                  | 400 | one string
            {"prompt": [999999]}                    | 400 | token ids from 0 to
            {"prompt": "a", "temperature": "hot"}   | 400 | 'temperature' is "hot", but has to be a number
            {"prompt": "a", "temperature": -1}      | 400 | temperature is -1.0
            {"prompt": "a", "top_p": 0}             | 400 | top-p is 0.0
            {"prompt": "a", "max_tokens": 0}        | 400 | 'max_tokens' is 0, but has to be a whole number from 1
            {"prompt": "a", "stop": [""]}           | 400 | 'stop' is ""
            {"prompt": "a", "stream": "yes"}        | 400 | 'stream' is "yes", but has to be true or false
            {"prompt": "a", "n": 2}                 | 400 | 'n' other than 1 is not supported
            {"prompt": "a", "frequency_penalty": 1} | 400 | 'repeat_penalty'
            {"prompt": "a", "logprobs": 21}         | 400 | from 0 to 20
            {"prompt": "a", "provider": "nobody"}   | 400 | on offer are: chess, dense
            {"prompt": "a", "model": "gpt-4o"}      | 404 | There is no model 'gpt-4o' here; there are: demo, demo:chess, demo:dense
            {"prompt": "a", "model": "demo:dense", "provider": "chess"} | 400 | the model's name says 'dense'
            {"prompt": "a", "suffix": "b"}          | 400 | 'suffix' is not supported
            """)
    void a_wrong_request_is_told_what_is_wrong(String body, int status, String message) {
        Client.Reply reply = client.post("/v1/completions", body);
        assertThat(reply.error()).contains(message);
        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.json().at("/error/type").asText()).isEqualTo("invalid_request_error");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"messages": []}                                               | a list of at least one message
            {"messages": [{"role": "tool", "content": "a"}]}               | The role of message 1 is 'tool'
            {"messages": [{"role": "user"}]}                               | no 'content'
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]} | only text
            {"messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function"}]} | 'tools' is not supported
            {"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_object"}} | only text
            {"messages": [{"role": "user", "content": "a"}], "top_logprobs": 2} | needs 'logprobs'
            {"messages": [{"role": "user", "content": ""}], "provider": "dense", "seed": 1.5} | 'seed' is 1.5
            """)
    void a_wrong_conversation_is_told_what_is_wrong(String body, String message) {
        Client.Reply reply = client.post("/v1/chat/completions", body);
        assertThat(reply.error()).contains(message);
        assertThat(reply.status()).isEqualTo(400);
    }

    @Test
    void a_prompt_longer_than_the_context_is_refused_by_name() {
        Client.Reply reply = client.complete("{'prompt': '" + "word ".repeat(400) + "'}");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().at("/error/code").asText()).isEqualTo("context_length_exceeded");
        assertThat(reply.error()).contains("tokens, but the context holds 256");
    }

    @Test
    void other_paths_methods_and_types_are_refused() {
        assertThat(client.get("/v1/nothing").status()).isEqualTo(404);
        Client.Reply wrong = client.get("/v1/completions");
        assertThat(wrong.status()).isEqualTo(405);
        assertThat(wrong.header("Allow")).isEqualTo("POST");
        Client.Reply form = client.send(client.request("/v1/completions").POST(HttpRequest.BodyPublishers.ofString("{}")));
        assertThat(form.status()).isEqualTo(415);
        assertThat(form.error()).contains("application/json");
        assertThat(client.get("/v1/models/demo:chess").json().get("id").asText()).isEqualTo("demo:chess");
        assertThat(client.get("/v1/models/other").status()).isEqualTo(404);
    }

    @Test
    void names_of_other_machines_and_requests_that_are_no_http_are_refused() throws IOException {
        assertThat(raw(server.address(), "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 403").contains("localhost");
        assertThat(raw(server.address(), "nonsense\r\n\r\n")).startsWith("HTTP/1.1 400").doesNotContain("Jetty", "<html");
        assertThat(raw(server.address(), "GET /health HTTP/1.1\r\nHost: localhost\r\nA: " + "a".repeat(20_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431").contains("\"error\"");
    }

    private static String raw(URI address, String request) throws IOException {
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void a_request_too_large_is_refused_with_or_without_its_length() {
        try (ModelServer.Running small = slow(1, 0, Duration.ofMinutes(1))) {
            Client other = new Client(small.address());
            String large = "{\"prompt\": \"" + "a".repeat(3000) + "\"}";
            Client.Reply told = other.post("/v1/completions", large);
            assertThat(told.status()).isEqualTo(413);
            assertThat(told.error()).contains("larger than 2000 bytes");
            HttpRequest.BodyPublisher chunked = HttpRequest.BodyPublishers.ofInputStream(() ->
                    new java.io.ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8)));
            assertThat(other.send(other.request("/v1/completions").header("Content-Type", "application/json").POST(chunked))
                            .status())
                    .isEqualTo(413);
        }
    }

    @Test
    void a_key_is_asked_for_where_there_is_one() {
        try (ModelServer.Running locked = DemoServer.get().start(options -> options.withApiKey(Optional.of("open sesame")))) {
            Client other = new Client(locked.address());
            assertThat(other.get("/health").status()).isEqualTo(200);
            assertThat(other.get("/").status()).isEqualTo(200);
            for (String path : new String[] {"/v1/models", "/v1/models/demo", "/metrics", "/info"}) {
                Client.Reply reply = other.get(path);
                assertThat(reply.status()).as(path).isEqualTo(401);
                assertThat(reply.header("WWW-Authenticate")).isEqualTo("Bearer");
                assertThat(reply.json().at("/error/code").asText()).isEqualTo("invalid_api_key");
            }
            assertThat(other.post("/v1/completions", "{}").status()).isEqualTo(401);
            for (String key : new String[] {"Bearer open sesam", "Bearer open sesame2", "Basic open sesame", "Bearer"}) {
                assertThat(other.send(other.request("/v1/models").header("Authorization", key)).status()).isEqualTo(401);
            }
            assertThat(other.send(other.request("/v1/models").header("Authorization", "Bearer open sesame")).status())
                    .isEqualTo(200);
        }
    }

    @Test
    void beyond_the_queue_requests_are_refused_and_those_who_wait_can_leave() throws Exception {
        try (ModelServer.Running busy = slow(1, 1, Duration.ofMinutes(2))) {
            Client other = new Client(busy.address());
            CompletableFuture<HttpResponse<InputStream>> computed = stream(other);
            computed.get();
            try (Socket waiting = post(busy.address(), ENDLESS.formatted("true"))) {
                await(() -> other.metric("requests_waiting") == 1);
                Client.Reply refused = other.post("/v1/completions", ENDLESS.formatted("false"));
                assertThat(refused.status()).isEqualTo(429);
                assertThat(refused.header("Retry-After")).isNotEmpty();
                assertThat(refused.json().at("/error/type").asText()).isEqualTo("rate_limit_error");
                assertThat(waiting.isConnected()).isTrue();
            }
            await(() -> other.metric("requests_waiting") == 0);
            computed.get().body().close();
            await(() -> other.metric("requests_running") == 0);
            assertThat(other.metric("requests_cancelled_total")).isEqualTo(1);
            assertThat(other.complete("{'prompt': 'Once', 'max_tokens': 2}").status()).isEqualTo(200);
        }
    }

    private static CompletableFuture<HttpResponse<InputStream>> stream(Client client) {
        return client.http().sendAsync(
                client.posting("/v1/completions", ENDLESS.formatted("true")).build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    /** Sends a request, and leaves the answer alone. */
    private static Socket post(URI address, String body) throws IOException {
        Socket socket = new Socket(address.getHost(), address.getPort());
        OutputStream out = socket.getOutputStream();
        out.write(("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
        out.flush();
        return socket;
    }

    @Test
    void generation_ends_where_the_client_goes_in_a_stream_or_waiting_for_it_all() throws Exception {
        try (ModelServer.Running busy = slow(2, 0, Duration.ofMinutes(2))) {
            Client other = new Client(busy.address());
            Socket stream = post(busy.address(), ENDLESS.formatted("true"));
            Socket whole = post(busy.address(), ENDLESS.formatted("false"));
            await(() -> other.metric("requests_running") == 2);
            assertThat(new String(stream.getInputStream().readNBytes(12), StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200");
            stream.close();
            await(() -> other.metric("requests_running") == 1);
            whole.close();
            await(() -> other.metric("requests_running") == 0);
            assertThat(other.metric("requests_cancelled_total")).isEqualTo(2);
        }
    }

    @Test
    void time_is_limited_and_whoever_waits_is_told_so() {
        try (ModelServer.Running hasty = slow(1, 1, Duration.ofMillis(1500))) {
            Client other = new Client(hasty.address());
            // White space has been sent meanwhile, and with it the status.
            Client.Reply whole = other.post("/v1/completions", ENDLESS.formatted("false"));
            assertThat(whole.text()).startsWith("\n");
            assertThat(whole.json().at("/error/code").asText()).isEqualTo("timeout");
            Client.Reply stream = other.post("/v1/completions", ENDLESS.formatted("true"));
            assertThat(stream.events().getLast().at("/error/message").asText()).contains("1 s, the most this server allows");
        }
        try (ModelServer.Running hasty = slow(1, 1, Duration.ofMillis(300))) {
            Client.Reply reply = new Client(hasty.address()).post("/v1/completions", ENDLESS.formatted("false"));
            assertThat(reply.status()).isEqualTo(504);
        }
    }

    @Test
    void a_server_that_ends_tells_those_who_wait_and_frees_its_port() throws Exception {
        ModelServer.Running ending = slow(1, 1, Duration.ofMinutes(2));
        Client other = new Client(ending.address());
        HttpResponse<InputStream> begun = stream(other).get();
        ending.close();
        String rest;
        try (InputStream in = begun.body()) {
            rest = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException cut) {
            rest = "cut";
        }
        assertThat(rest).doesNotContain("[DONE]");
        ending.close();
        ModelServer.Running again = DemoServer.get().start(options -> options.withAddress("127.0.0.1", ending.address().getPort()));
        assertThat(new Client(again.address()).get("/health").status()).isEqualTo(200);
        org.assertj.core.api.Assertions.assertThatThrownBy(() ->
                        DemoServer.get().start(options -> options.withAddress("127.0.0.1", again.address().getPort())))
                .hasMessageContaining("Cannot listen on 127.0.0.1 port " + again.address().getPort(), "--port");
        again.close();
    }

    @Test
    void metrics_count_what_was_done() {
        client.complete("{'prompt': 'Once upon', 'max_tokens': 8, 'temperature': 0}");
        assertThat(client.metric("tokens_total{provider=\"chess\"}")).isGreaterThanOrEqualTo(8);
        assertThat(client.metric("tokens_per_second{provider=\"chess\"}")).isPositive();
        assertThat(client.metric("sparsity{provider=\"chess\",operator=\"feed_forward\"}")).isBetween(0.3, 0.7);
        assertThat(client.metric("weight_bytes_read_total{provider=\"chess\",operator=\"feed_forward\"}"))
                .isLessThan(client.metric("weight_bytes_dense_total{provider=\"chess\",operator=\"feed_forward\"}"))
                .isPositive();
        assertThat(client.metric("requests_total{path=\"/v1/completions\",status=\"200\"}")).isPositive();
        // Prometheus' own rules: every line a comment, or a name with labels and a number.
        assertThat(client.get("/metrics").text().lines())
                .allMatch(line -> line.matches("# (HELP|TYPE) sparsellm_[a-z_]+ .+")
                        || line.matches("sparsellm_[a-z_]+(\\{([a-z]+=\"[^\"]*\",?)+})? -?[0-9.]+(E-?[0-9]+)?"));
    }
}
