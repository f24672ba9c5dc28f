package dev.sparsellm.benchmarks.endtoend;

import java.io.IOException;

/** Somebody who reads a prompt and writes on, over and over. */
interface Contender {

    /** For the table. */
    String name();

    /** One round. */
    Speeds round() throws IOException, InterruptedException;
}
