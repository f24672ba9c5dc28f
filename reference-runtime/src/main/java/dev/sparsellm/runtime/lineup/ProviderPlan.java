package dev.sparsellm.runtime.lineup;

import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.Settings;

/**
 * A provider and what it would take of a model.
 *
 * @param settings the values in force
 * @param plan only operators no provider before it takes
 * @param refusal why it does not serve, or serves in part; empty if it serves all it is made for
 */
public record ProviderPlan(OperatorProvider provider, Settings settings, Plan plan, String refusal) {}
