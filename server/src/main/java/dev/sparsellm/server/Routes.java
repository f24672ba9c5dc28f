package dev.sparsellm.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.serve.ServeOptions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Finds the endpoint of a request, and turns what goes wrong into an answer. */
final class Routes extends Handler.Abstract {

    private interface Endpoint {
        void answer(Exchange exchange, Request request, Callback callback) throws IOException;
    }

    /** @param open whether it needs no key */
    private record Route(String method, boolean open, Endpoint endpoint) {}

    private static final String PROVIDER = "provider";

    private final ServeOptions options;
    private final Guard guard;
    private final Metrics metrics;
    private final Engine engine;
    private final Offers offers;
    private final RequestReader reader;
    private final Delivery delivery;
    private final Listings listings;
    private final Map<String, Route> routes = new TreeMap<>();

    Routes(Model model, ServeOptions options, Offers offers, Engine engine, Metrics metrics) {
        this.options = options;
        this.offers = offers;
        this.engine = engine;
        this.metrics = metrics;
        guard = new Guard(options);
        reader = new RequestReader(model, options, offers);
        delivery = new Delivery(engine, model, options.timeout());
        listings = new Listings(model, options, offers);
        WebPage page = new WebPage();
        routes.put("/", new Route("GET", true, (exchange, request, callback) -> page.answer(exchange, callback)));
        routes.put("/health", new Route("GET", true, (exchange, request, callback) ->
                exchange.answer(Json.object().put("status", "ok"), callback)));
        routes.put("/metrics", new Route("GET", false, (exchange, request, callback) ->
                exchange.answer(200, Metrics.CONTENT_TYPE,
                        metrics.text().getBytes(java.nio.charset.StandardCharsets.UTF_8), callback)));
        routes.put("/info", new Route("GET", false, (exchange, request, callback) ->
                exchange.answer(listings.info(), callback)));
        routes.put("/v1/models", new Route("GET", false, (exchange, request, callback) ->
                exchange.answer(listings.models(), callback)));
        routes.put("/v1/chat/completions", new Route("POST", false, (exchange, request, callback) ->
                generate(exchange, callback, reader.chat(body(exchange), provider(request)))));
        routes.put("/v1/completions", new Route("POST", false, (exchange, request, callback) ->
                generate(exchange, callback, reader.completion(body(exchange), provider(request)))));
    }

    private ObjectNode body(Exchange exchange) throws IOException {
        return Json.parse(exchange.body(options.maxBodyBytes()));
    }

    private static Optional<String> provider(Request request) {
        return Optional.ofNullable(request.getHeaders().get(PROVIDER)).map(String::strip);
    }

    private void generate(Exchange exchange, Callback callback, Order order) throws IOException {
        Job job = engine.submit(order, offers.lineups().get(order.provider()));
        delivery.deliver(job, exchange, callback);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        String path = Request.getPathInContext(request);
        String counted = routes.containsKey(path) ? path : "other";
        Exchange exchange = new Exchange(request, response);
        Callback counting = Callback.from(callback, () -> metrics.answered(counted, response.getStatus()));
        try {
            guard.requireOurName(request);
            Route route = find(request.getMethod(), path, response);
            if (!route.open) {
                guard.requireKey(request);
            }
            route.endpoint.answer(exchange, request, counting);
        } catch (ApiException e) {
            exchange.fail(e, counting);
        } catch (IOException e) {
            counting.failed(e); // the client is gone
        } catch (RuntimeException | Error e) {
            options.notices().accept("a request failed, " + e.getClass().getSimpleName() + ": " + e.getMessage());
            if (exchange.begun()) {
                counting.failed(e);
            } else {
                exchange.fail(ApiException.internal(), counting);
            }
        }
        return true;
    }

    private Route find(String method, String path, Response response) {
        Route route = path.startsWith("/v1/models/")
                ? new Route("GET", false, (exchange, request, callback) ->
                        exchange.answer(listings.model(path.substring("/v1/models/".length())), callback))
                : routes.get(path);
        if (route == null) {
            throw ApiException.invalid(404, "There is nothing at " + path + "; there is: "
                    + String.join(", ", List.copyOf(routes.keySet())));
        }
        if (!route.method.equals(method) && !(method.equals("HEAD") && route.method.equals("GET"))) {
            response.getHeaders().put("Allow", route.method);
            throw ApiException.invalid(405, path + " is for " + route.method + ", not for " + method);
        }
        return route;
    }
}
