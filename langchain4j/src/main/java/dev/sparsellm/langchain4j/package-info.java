/**
 * SparseLLM as a model of LangChain4j: {@link dev.sparsellm.langchain4j.SparseLlmChatModel} and
 * {@link dev.sparsellm.langchain4j.SparseLlmStreamingChatModel}, in this JVM, with no server between.
 *
 * <p>What must not live here: anything a program without LangChain4j could use.
 */
package dev.sparsellm.langchain4j;
