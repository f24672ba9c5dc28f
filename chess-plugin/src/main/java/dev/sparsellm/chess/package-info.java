/**
 * CHESS and CATS for any host: which channels matter is learnt once from text ({@link dev.sparsellm.chess.ProfileFile}
 * keeps it), thresholds for any share follow from that, and sparse operators then read only what is kept.
 *
 * <p>For a layer with gate, up and down projections, and bounds per channel,
 *
 * <pre>
 * a    = SiLU(W_gate x)                          all rows
 * kept = { i : not lower_i ≤ a_i ≤ upper_i }
 * h_i  = a_i (W_up x)_i           for i in kept  the other rows of up are not read
 * y    = W_down m + Σ_{i in kept} (h_i − m_i) W_down[:, i]
 * </pre>
 *
 * with m = 0 but for method {@code chess+}, where it is the mean of what is left out; likewise
 * {@code q = W_q m + Σ_{j in kept} (x_j − m_j) W_q[:, j]}, and the output projection. Sources: CATS (arXiv 2404.08763),
 * CHESS (arXiv 2409.01366); weighting by column norms follows WINA (arXiv 2505.19427).
 *
 * <p>What must not live here: anything of a particular runtime, and numerics beyond what thresholds need.
 */
package dev.sparsellm.chess;
