/**
 * Conversations as a model was trained to read them: which format a file's own template means, and the tokens of a
 * conversation in it. What a user says never becomes a control token.
 *
 * <p>What must not live here: sessions, generation, and a general template language.
 */
package dev.sparsellm.runtime.chat;
