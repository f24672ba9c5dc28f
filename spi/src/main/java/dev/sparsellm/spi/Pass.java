package dev.sparsellm.spi;

/**
 * One run of all layers over consecutive positions of one session.
 *
 * @param phase what for
 * @param position the position, from 0, of the first row in the session's text
 * @param batch rows, at least 1: row {@code b} of every input and output belongs to position {@code position + b}
 */
public record Pass(Phase phase, int position, int batch) {}
