/**
 * What tries to break the rest: hostile files, faults, load. Nothing but tests; docs/reliability.md says what they found.
 */
package dev.sparsellm.robustness;
