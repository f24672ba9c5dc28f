package dev.sparsellm.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** One request and its response. Writing waits until the client has taken what was written, or is gone. */
final class Exchange {

    static final String JSON = "application/json";

    private final Request request;
    private final Response response;

    Exchange(Request request, Response response) {
        this.request = request;
        this.response = response;
    }

    /**
     * The body.
     *
     * @throws ApiException if it is no JSON by its header, or larger than {@code most}
     */
    byte[] body(int most) throws IOException {
        String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        // A page of another site can send plain text and forms here without asking, but not this.
        if (type == null || !type.split(";")[0].strip().equalsIgnoreCase(JSON)) {
            throw ApiException.invalid(415, "The header Content-Type is " + (type == null ? "missing" : "'" + type + "'")
                    + ", but has to be application/json");
        }
        if (request.getLength() > most) {
            throw tooLarge(most);
        }
        try (InputStream in = Content.Source.asInputStream(request)) {
            byte[] body = in.readNBytes(most + 1);
            if (body.length > most) {
                throw tooLarge(most);
            }
            return body;
        }
    }

    private ApiException tooLarge(int most) {
        // The rest of it is not read, so there is no telling where the next request would begin.
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
        return ApiException.invalid(413, "The request is larger than " + most + " bytes, the most this server takes");
    }

    /** Begins a response of unknown length. */
    void begin(String contentType) {
        response.setStatus(200);
        header("Content-Type", contentType);
        header("Cache-Control", "no-store");
    }

    void header(String name, String value) {
        response.getHeaders().put(name, value);
    }

    /** Sends a part of the response at once. */
    void write(String text) throws IOException {
        Content.Sink.write(response, false, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Sends the last part. */
    void end(byte[] bytes, Callback callback) {
        response.write(true, ByteBuffer.wrap(bytes), callback);
    }

    /** A whole response. */
    void answer(int status, String contentType, byte[] bytes, Callback callback) {
        response.setStatus(status);
        header("Content-Type", contentType);
        header("X-Content-Type-Options", "nosniff");
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        end(bytes, callback);
    }

    void answer(JsonNode body, Callback callback) {
        answer(200, JSON, Json.bytes(body), callback);
    }

    void fail(ApiException error, Callback callback) {
        if (error.status() == 401) {
            header("WWW-Authenticate", "Bearer");
        }
        if (error.status() == 429) {
            header("Retry-After", "2");
        }
        answer(error.status(), JSON, Json.bytes(error.body()), callback);
    }

    boolean begun() {
        return response.isCommitted();
    }
}
