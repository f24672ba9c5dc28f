/**
 * Which providers a user prefers, what each takes of a model, and who computes what in the end.
 *
 * <p>What must not live here: what the host offers to providers, and knowledge of any particular provider.
 */
package dev.sparsellm.runtime.lineup;
