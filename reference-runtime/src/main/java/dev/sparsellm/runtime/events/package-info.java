/**
 * What sessions tell the flight recorder: a pass at a time, who computed and what was left out. Works without the module
 * {@code jdk.jfr}, and costs next to nothing while nobody records.
 *
 * <p>What must not live here: figures that are not the providers' own; they are {@code Session.usages()}.
 */
package dev.sparsellm.runtime.events;
