package dev.sparsellm.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/** A client that knows nothing but HTTP. */
record Client(URI base, HttpClient http) {

    Client(URI base) {
        this(base, HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
    }

    /** What came back. */
    record Reply(int status, HttpResponse<String> response) {

        String text() {
            return response.body();
        }

        JsonNode json() {
            return parse(response.body());
        }

        /** The message of an error. */
        String error() {
            return json().path("error").path("message").asText();
        }

        /** The objects of a stream, without its end mark. */
        List<JsonNode> events() {
            List<JsonNode> events = new ArrayList<>();
            for (String line : response.body().lines().toList()) {
                if (line.startsWith("data: {")) {
                    events.add(parse(line.substring(6)));
                }
            }
            return events;
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    static JsonNode parse(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (IOException e) {
            throw new AssertionError("No JSON: " + text, e);
        }
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(base.resolve(path));
    }

    Reply send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Reply(response.statusCode(), response);
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    Reply get(String path) {
        return send(request(path));
    }

    HttpRequest.Builder posting(String path, String body) {
        return request(path).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
    }

    Reply post(String path, String body) {
        return send(posting(path, body));
    }

    /** With ' for ". */
    Reply complete(String body) {
        return post("/v1/completions", body.replace('\'', '"'));
    }

    /** With ' for ". */
    Reply chat(String body) {
        return post("/v1/chat/completions", body.replace('\'', '"'));
    }

    double metric(String line) {
        return get("/metrics").text().lines()
                .filter(l -> l.startsWith("sparsellm_" + line + " "))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
                .sum();
    }
}
