package dev.sparsellm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.runtime.serve.ModelServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What everyone tries first. */
@Timeout(120)
class CurlTest {

    private static ModelServer.Running server;

    @BeforeAll
    static void start() throws InterruptedException {
        try {
            new ProcessBuilder("curl", "--version").redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        } catch (IOException e) {
            Assumptions.abort("There is no curl here: " + e.getMessage());
        }
        server = DemoServer.get().start();
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    private static String curl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("curl", "-sS", "--noproxy", "*"));
        for (String argument : arguments) {
            command.add(argument.startsWith("/") ? server.address().resolve(argument).toString() : argument);
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void gets_an_answer_and_a_stream() throws Exception {
        String whole = curl("/v1/chat/completions", "-H", "Content-Type: application/json", "-d",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"Once\"}], \"max_tokens\": 4}");
        assertThat(Client.parse(whole).at("/usage/completion_tokens").asInt()).isEqualTo(4);
        String stream = curl("-N", "/v1/completions", "--json", "{\"prompt\": \"Once\", \"max_tokens\": 4, \"stream\": true}");
        assertThat(stream).startsWith("data: {").endsWith("data: [DONE]\n\n");
        assertThat(curl("/v1/completions", "-d", "{}", "-w", "%{http_code}")).endsWith("415");
        assertThat(curl("/health")).isEqualTo("{\"status\":\"ok\"}");
    }

    @Test
    void interrupted_it_leaves_nothing_behind() throws Exception {
        Client client = new Client(server.address());
        double before = client.metric("requests_cancelled_total");
        try (ModelServer.Running busy = DemoServer.get().start(options -> options.withLengths(1 << 20, 1 << 20))) {
            Client other = new Client(busy.address());
            Process curl = new ProcessBuilder("curl", "-sN", "--noproxy", "*", busy.address().resolve("/v1/completions").toString(),
                    "--json", "{\"prompt\": \"Once\", \"max_tokens\": 100000, \"ignore_eos\": true, \"stream\": true}").start();
            assertThat(curl.getInputStream().readNBytes(6)).isEqualTo("data: ".getBytes(StandardCharsets.US_ASCII));
            curl.destroy();
            assertThat(curl.waitFor(20, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 400 && other.metric("requests_cancelled_total") == 0; i++) {
                Thread.sleep(50);
            }
            assertThat(other.metric("requests_running")).isZero();
            assertThat(other.metric("requests_cancelled_total")).isEqualTo(1);
        }
        assertThat(client.metric("requests_cancelled_total")).isEqualTo(before);
    }
}
