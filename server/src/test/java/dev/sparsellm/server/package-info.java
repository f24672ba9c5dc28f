/** The server as its clients see it: a process of its own to none, the demo model behind it. */
package dev.sparsellm.server;
