/** A plugin for tests, and a way to have it on the path for the length of one. */
package dev.sparsellm.runtime.plugin;
