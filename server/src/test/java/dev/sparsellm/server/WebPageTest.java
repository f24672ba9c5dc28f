package dev.sparsellm.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sparsellm.runtime.serve.ModelServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The page at {@code /}; in a browser where there is one. Pictures of it are kept in {@code target}. */
@Timeout(180)
class WebPageTest {

    private static final String SIDE = "(id => ({title: document.querySelector(`#${id} h2`).textContent,"
            + " figures: [...document.querySelectorAll(`#${id} .figures b`)].map(e => e.textContent),"
            + " text: document.querySelector(`#${id} .text`).textContent,"
            + " error: document.querySelector(`#${id} .error`).textContent,"
            + " bars: [...document.querySelectorAll(`#${id} .bar i`)].map(e => parseFloat(e.style.width))}))";

    @TempDir(cleanup = CleanupMode.NEVER) // the browser may still write there
    private Path folder;

    @Test
    void it_asks_nobody_but_its_server_for_anything() {
        try (ModelServer.Running server = DemoServer.get().start()) {
            Client.Reply page = new Client(server.address()).get("/");
            assertThat(page.header("Content-Security-Policy")).contains("default-src 'none'", "connect-src 'self'");
            assertThat(page.header("Content-Type")).isEqualTo("text/html; charset=utf-8");
            assertThat(page.text()).doesNotContain("http://", "https://", "innerHTML");
        }
    }

    @Test
    void it_shows_both_answers_with_speed_and_sparsity() throws Exception {
        Path chromium = Browser.find().orElse(null);
        Assumptions.assumeTrue(chromium != null, "There is no Chromium or Chrome on the PATH to look at the page with");
        try (ModelServer.Running server = DemoServer.get().start(options ->
                        options.withApiKey(Optional.of("secret")).withRepetitionPenalty(1.25));
                Browser browser = new Browser(chromium, folder)) {
            browser.open(server.address());
            browser.await("!document.getElementById('keyfield').hidden");
            assertThat(browser.value("document.getElementById('about').textContent").asText()).contains("API key");
            browser.value("(() => { const key = document.getElementById('key'); key.value = 'secret';"
                    + " key.dispatchEvent(new Event('change')); })()");
            browser.await("!document.getElementById('go').disabled");
            browser.value("document.getElementById('tokens').value = 64");
            browser.value("document.getElementById('form').requestSubmit()");
            browser.await("document.querySelectorAll('#b .bar').length > 0");
            Files.write(Path.of("target", "page-writing.png"), browser.picture());
            browser.await("document.body.dataset.state === 'done'");
            Files.write(Path.of("target", "page.png"), browser.picture());
            JsonNode dense = browser.value(SIDE + "('a')");
            JsonNode sparse = browser.value(SIDE + "('b')");
            assertThat(dense.get("error").asText() + sparse.get("error").asText()).isEmpty();
            assertThat(dense.get("title").asText()).isEqualTo("dense");
            assertThat(sparse.get("title").asText()).isEqualTo("chess");
            for (JsonNode side : new JsonNode[] {dense, sparse}) {
                assertThat(side.get("text").asText()).startsWith("There was once a poor woodcutter").hasSizeGreaterThan(150);
                assertThat(Double.parseDouble(side.at("/figures/0").asText())).isPositive();
                assertThat(side.at("/figures/3").asText()).isEqualTo("64");
            }
            assertThat(dense.at("/figures/2").asText()).isEqualTo("100 %");
            assertThat(dense.get("bars")).isEmpty();
            // Hidden channels, inputs of Q and of O, in each layer.
            assertThat(sparse.get("bars")).hasSize(3 * DemoServer.get().model().description().shape().layers());
            assertThat(sparse.get("bars").valueStream().mapToDouble(JsonNode::asDouble).average().orElseThrow())
                    .isBetween(35.0, 65.0);
            String verdict = browser.value("document.getElementById('verdict').textContent").asText();
            boolean same = dense.get("text").equals(sparse.get("text"));
            assertThat(verdict).contains("times as fast", same ? "the texts are the same" : "part where they are marked");
            assertThat(browser.value("document.querySelector('#b .rest').textContent").asText().isEmpty()).isEqualTo(same);
        }
    }
}
