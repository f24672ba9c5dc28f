/** A model over HTTP. */
module dev.sparsellm.server {
    requires dev.sparsellm.runtime;
    requires com.fasterxml.jackson.databind;
    requires org.eclipse.jetty.server;
    requires java.logging;

    provides dev.sparsellm.runtime.serve.ModelServer with
            dev.sparsellm.server.JettyModelServer;
}
