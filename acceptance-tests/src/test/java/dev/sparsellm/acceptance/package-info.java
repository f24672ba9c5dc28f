/** What users do: with the clients they have, the distribution they unpack, and the commands they read. */
package dev.sparsellm.acceptance;
