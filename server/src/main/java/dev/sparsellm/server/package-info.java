/**
 * The wire: HTTP, JSON in the form of OpenAI's interface, server-sent events, and one page for browsers.
 *
 * <p>A request is read and answered on a (virtual) thread of its own: {@link dev.sparsellm.server.Routes} finds its
 * endpoint, {@link dev.sparsellm.server.RequestReader} makes a {@link dev.sparsellm.server.Order} of it,
 * {@link dev.sparsellm.server.Engine} computes that in turns with others, and {@link dev.sparsellm.server.Delivery} brings
 * what is written back to the client, whole or as a stream.
 *
 * <p>What must not live here: how text is generated, and anything that only one provider knows.
 */
package dev.sparsellm.server;
