package dev.sparsellm.runtime.serve;

import dev.sparsellm.runtime.Model;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.ServiceLoader;

/** Lets programs elsewhere use an open model. Found by {@link ServiceLoader}; implementations have no state. */
public interface ModelServer {

    /** The server on the path, if there is one: module {@code server} of this project. */
    static Optional<ModelServer> find(ClassLoader loader) {
        return ServiceLoader.load(ModelServer.class, loader).findFirst();
    }

    /**
     * Begins to serve. The model stays the caller's, to be closed after the server.
     *
     * @throws IOException if the address cannot be listened on; the message says which and why
     * @throws dev.sparsellm.spi.ProviderException if a provider offered cannot serve this model
     */
    Running start(Model model, ServeOptions options) throws IOException;

    /** A server at work. Safe for any thread. */
    interface Running extends AutoCloseable {

        /** Where it listens; with the port that was chosen, where that was 0. */
        URI address();

        /** Answers what is under way no further, and frees the port. A second call does nothing. */
        @Override
        void close();
    }
}
