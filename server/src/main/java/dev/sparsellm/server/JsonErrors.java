package dev.sparsellm.server;

import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What Jetty itself refuses, such as a request that is no HTTP, in the form of all other errors. */
final class JsonErrors implements Request.Handler {

    JsonErrors() {}

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus() < 400 ? HttpStatus.INTERNAL_SERVER_ERROR_500 : response.getStatus();
        Object said = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
        ApiException error = status < 500
                ? ApiException.invalid(status, said == null ? HttpStatus.getMessage(status) : said.toString())
                : ApiException.internal();
        new Exchange(request, response).fail(error, callback);
        return true;
    }
}
