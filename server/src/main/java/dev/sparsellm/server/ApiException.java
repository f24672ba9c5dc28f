package dev.sparsellm.server;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A request that cannot be answered, as the client is told: in OpenAI's form, which its clients turn into exceptions. */
final class ApiException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final String code;
    private final String param;

    private ApiException(int status, String type, String code, String param, String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.code = code;
        this.param = param;
    }

    /** A mistake of the client's, with no field to blame. */
    static ApiException invalid(int status, String message) {
        return new ApiException(status, "invalid_request_error", null, null, message);
    }

    /** A field that is wrong. */
    static ApiException field(String param, String message) {
        return new ApiException(400, "invalid_request_error", "invalid_value", param, message);
    }

    /** A field that this server does not know what to do about. */
    static ApiException unsupported(String param, String message) {
        return new ApiException(400, "invalid_request_error", "unsupported_parameter", param, message);
    }

    static ApiException noSuchModel(String message) {
        return new ApiException(404, "invalid_request_error", "model_not_found", "model", message);
    }

    static ApiException tooLong(String message) {
        return new ApiException(400, "invalid_request_error", "context_length_exceeded", "messages", message);
    }

    static ApiException unauthorised(String message) {
        return new ApiException(401, "invalid_request_error", "invalid_api_key", null, message);
    }

    static ApiException busy(String message) {
        return new ApiException(429, "rate_limit_error", "queue_full", null, message);
    }

    static ApiException timeout(String message) {
        return new ApiException(504, "server_error", "timeout", null, message);
    }

    static ApiException unavailable(String message) {
        return new ApiException(503, "server_error", "unavailable", null, message);
    }

    /** A fault of ours: what it is, is for the one who runs the server. */
    static ApiException internal() {
        return new ApiException(500, "server_error", null, null, "The server failed; its own output says why");
    }

    int status() {
        return status;
    }

    /** {@code {"error": {"message", "type", "param", "code"}}}. */
    ObjectNode body() {
        ObjectNode body = Json.object();
        body.putObject("error")
                .put("message", getMessage())
                .put("type", type)
                .put("param", param)
                .put("code", code);
        return body;
    }

    /** Clients are told, nobody looks where it was. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
