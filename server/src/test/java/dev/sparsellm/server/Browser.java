package dev.sparsellm.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A Chromium without a window, told what to do by its own protocol. */
final class Browser implements AutoCloseable {

    private final Process process;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private int calls;
    private String page = "";

    /** Where a browser is, if anywhere. */
    static Optional<Path> find() {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
                .flatMap(name -> Stream.of(path.split(File.pathSeparator)).map(folder -> Path.of(folder, name)))
                .filter(file -> file.toFile().canExecute())
                .findFirst();
    }

    Browser(Path browser, Path folder) throws IOException {
        process = new ProcessBuilder(browser.toString(), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                        "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0", "--window-size=1200,900",
                        "--user-data-dir=" + folder, "about:blank")
                .redirectErrorStream(true)
                .start();
        socket = HttpClient.newHttpClient().newWebSocketBuilder()
                .buildAsync(URI.create(address(process)), new Listener())
                .join();
    }

    private static String address(Process process) throws IOException {
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("DevTools listening on ")) {
                // Read on, that the browser may write on.
                Thread.ofVirtual().start(() -> lines.lines().forEach(ignored -> {}));
                return line.substring("DevTools listening on ".length()).strip();
            }
        }
        throw new IOException("The browser ended before it listened");
    }

    private final class Listener implements WebSocket.Listener {

        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                JsonNode message = Client.parse(text.toString());
                text.setLength(0);
                if (message.has("id")) {
                    answers.remove(message.get("id").asInt()).complete(message);
                }
            }
            webSocket.request(1);
            return null;
        }
    }

    private JsonNode call(String method, ObjectNode parameters) {
        ObjectNode message = Json.object().put("id", ++calls).put("method", method);
        message.set("params", parameters);
        if (!page.isEmpty()) {
            message.put("sessionId", page);
        }
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(calls, answer);
        socket.sendText(message.toString(), true).join();
        JsonNode result = answer.orTimeout(60, TimeUnit.SECONDS).join();
        if (result.has("error")) {
            throw new AssertionError(method + ": " + result.get("error"));
        }
        return result.get("result");
    }

    void open(URI address) {
        String target = call("Target.createTarget", Json.object().put("url", address.toString())).get("targetId").asText();
        page = call("Target.attachToTarget", Json.object().put("targetId", target).put("flatten", true))
                .get("sessionId").asText();
    }

    /** The value of an expression in the page. */
    JsonNode value(String expression) {
        JsonNode result = call("Runtime.evaluate",
                Json.object().put("expression", expression).put("returnByValue", true).put("awaitPromise", true));
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
        }
        return result.get("result").path("value");
    }

    /** Waits until the page has been loaded, and then until a condition holds. */
    void await(String condition) throws InterruptedException {
        String loaded = "location.href != 'about:blank' && document.readyState == 'complete'";
        for (int i = 0; i < 600; i++) {
            if (value(loaded).asBoolean() && value(condition).asBoolean()) {
                return;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("Never so: " + condition + "; the page says: " + value("document.body.innerText"));
    }

    /** A picture of the page, as PNG. */
    byte[] picture() {
        return Base64.getDecoder().decode(call("Page.captureScreenshot", Json.object().put("format", "png")).get("data").asText());
    }

    @Override
    public void close() {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
        all.forEach(ProcessHandle::destroyForcibly);
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
