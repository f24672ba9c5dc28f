/**
 * What the command line and a server say to each other. The server itself is in a module of its own, so that programs
 * that embed the runtime carry no HTTP.
 *
 * <p>What must not live here: anything that knows HTTP, JSON or a wire format.
 */
package dev.sparsellm.runtime.serve;
