package dev.sparsellm.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.eclipse.jetty.util.Callback;

/** The page at {@code /}: one file, which asks nobody but this server for anything. */
final class WebPage {

    private static final String POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
            + " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final byte[] html;

    WebPage() {
        try (InputStream in = WebPage.class.getResourceAsStream("page.html")) {
            if (in == null) {
                throw new IllegalStateException("This build lacks its resource page.html: build it again");
            }
            html = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void answer(Exchange exchange, Callback callback) {
        exchange.header("Content-Security-Policy", POLICY);
        exchange.header("Referrer-Policy", "no-referrer");
        exchange.header("Cache-Control", "no-cache");
        exchange.answer(200, "text/html; charset=utf-8", html, callback);
    }
}
