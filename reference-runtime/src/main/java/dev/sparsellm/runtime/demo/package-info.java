/** The model that comes with this jar. What must not live here: anything about other models. */
package dev.sparsellm.runtime.demo;
