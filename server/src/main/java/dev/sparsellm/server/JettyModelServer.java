package dev.sparsellm.server;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.serve.ModelServer;
import dev.sparsellm.runtime.serve.ServeOptions;
import java.io.IOException;
import java.net.URI;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** A {@link ModelServer} on Jetty: HTTP/1.1, a virtual thread for each request. */
public final class JettyModelServer implements ModelServer {

    /** A connection on which nothing moves for so long is closed; answers under way move every second. */
    private static final long IDLE_MILLIS = 30_000;

    private static final int MAX_HEADER_BYTES = 16 * 1024;

    /** Found by {@link java.util.ServiceLoader}. */
    public JettyModelServer() {}

    @Override
    public Running start(Model model, ServeOptions options) throws IOException {
        Offers offers = Offers.of(model, options);
        Metrics metrics = new Metrics();
        Engine engine = new Engine(model, options, metrics);
        // Held by the server as long as it runs: loggers nobody holds forget their level.
        Logger log = Logger.getLogger("org.eclipse.jetty");
        log.setLevel(Level.WARNING);
        Server server = server(options);
        server.setHandler(new Routes(model, options, offers, engine, metrics));
        server.setErrorHandler(new JsonErrors());
        server.setAttribute(Logger.class.getName(), log);
        try {
            server.start();
        } catch (Exception e) {
            stop(server);
            engine.close();
            throw new IOException("Cannot listen on " + options.host() + " port " + options.port() + ": " + reason(e)
                    + "; choose another with --port, or 0 for any that is free", e);
        }
        int port = ((ServerConnector) server.getConnectors()[0]).getLocalPort();
        return new AtWork(server, engine, address(options.host(), port));
    }

    private static Server server(ServeOptions options) {
        QueuedThreadPool threads = new QueuedThreadPool(16, 2);
        threads.setName("http");
        threads.setDaemon(true);
        threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
        Server server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(MAX_HEADER_BYTES);
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.setStopTimeout(0);
        return server;
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private static URI address(String host, int port) {
        return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port + "/");
    }

    private static void stop(Server server) {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("The server does not stop", e);
        }
    }

    private record AtWork(Server server, Engine engine, URI address) implements Running {

        @Override
        public void close() {
            engine.close();
            stop(server);
        }
    }
}
