package dev.sparsellm.benchmarks.endtoend;

import java.io.IOException;

/** Somebody who reads a prompt and writes on, over and over. */
interface Contender {

    /** For the table. */
    String name();

    /** Whether each round is a process of its own, whose memory goes back to the machine when it has ended. */
    boolean endsProcess();

    /** One round. */
    Speeds round() throws IOException, InterruptedException;
}
