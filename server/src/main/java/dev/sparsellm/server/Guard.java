package dev.sparsellm.server;

import dev.sparsellm.runtime.serve.ServeOptions;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/** Who may ask. */
final class Guard {

    private static final String SCHEME = "bearer ";
    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

    private final Optional<byte[]> key;
    private final boolean forThisMachine;

    Guard(ServeOptions options) {
        key = options.apiKey().map(Guard::digest);
        forThisMachine = isLoopback(options.host());
        if (!forThisMachine && key.isEmpty()) {
            options.notices().accept("listening on " + options.host() + " without an API key: whoever can reach this machine"
                    + " can use the model; set SPARSELLM_API_KEY to ask for one");
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false; // to be told when it is listened on
        }
    }

    /**
     * A server for this machine alone is asked for by this machine's names: a page elsewhere whose own name has been made
     * to mean 127.0.0.1 comes with that name.
     *
     * @throws ApiException if it is not for us
     */
    void requireOurName(Request request) {
        String name = Request.getServerName(request);
        if (forThisMachine && name != null && !THIS_MACHINE.contains(name.toLowerCase(java.util.Locale.ROOT))) {
            throw ApiException.invalid(403, "This server is for its own machine, where it is called localhost, not '" + name
                    + "'");
        }
    }

    /** @throws ApiException if a key is wanted and it is not this one */
    void requireKey(Request request) {
        if (key.isEmpty()) {
            return;
        }
        String header = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        boolean hasKey = header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
        String shown = hasKey ? header.substring(SCHEME.length()).strip() : "";
        // Digests are of one length, so that the time to compare tells nothing of the key, its length included.
        if (!MessageDigest.isEqual(digest(shown), key.get())) {
            throw ApiException.unauthorised(hasKey
                    ? "The API key is not the one this server was started with"
                    : "This server wants its API key, in the header Authorization: Bearer KEY");
        }
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK has SHA-256", e);
        }
    }
}
