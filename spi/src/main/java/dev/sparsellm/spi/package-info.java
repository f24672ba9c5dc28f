/**
 * The contract between a host (a runtime that owns a model, its threads and its sessions) and a provider (a plugin that
 * computes some of the model's operators its own way).
 *
 * <p>A life in five steps:
 * <ol>
 *   <li><b>Discover.</b> The host finds providers with {@link dev.sparsellm.spi.support.ProviderCatalog}, checks their
 *       API level and asks each for its {@link dev.sparsellm.spi.Availability}.
 *   <li><b>Plan.</b> {@link dev.sparsellm.spi.OperatorProvider#plan plan} sees the
 *       {@link dev.sparsellm.spi.ModelDescription} and answers per operator: taken, or refused with a reason.
 *   <li><b>Prepare.</b> {@link dev.sparsellm.spi.OperatorProvider#prepare prepare} may repack weights, calibrate and
 *       cache, using the {@link dev.sparsellm.spi.HostServices}. Its result is shared by all sessions.
 *   <li><b>Open.</b> Each session gets {@link dev.sparsellm.spi.SessionOperators} of its own, with their own scratch.
 *   <li><b>Run.</b> {@code float[]} in, {@code float[]} out, row-major {@code [batch][channels]}, no allocation.
 * </ol>
 *
 * <p>What must not live here: numerics, file formats, Vector API types, logging, anything that needs more than
 * {@code java.base}.
 */
package dev.sparsellm.spi;
