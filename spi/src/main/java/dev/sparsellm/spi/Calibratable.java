package dev.sparsellm.spi;

import java.nio.file.Path;
import java.util.List;

/**
 * An {@link OperatorProvider} that learns about a model from text may also implement this, so that a user can choose the
 * text, spread the work over several machines, and look at what was learnt. What it learns is kept in a file, called a
 * profile here; its format is the provider's own.
 *
 * <p>A profile depends only on the model, the text and the request, never on threads, interruptions or the way the work
 * was split: equal requests give equal bytes.
 */
public interface Calibratable {

    /**
     * Learns from text, and writes a profile. Reports to {@link HostServices#progress()}. Keeps what it has in a file
     * beside the profile from time to time, so that it can go on after an interruption.
     *
     * @param model the model to learn about
     * @param host whose {@link HostServices#text()} runs the model
     * @param request what to learn from, and where the profile goes
     * @throws ProviderException if it cannot, with what happened and what to do
     */
    void calibrate(ModelDescription model, HostServices host, CalibrationRequest request);

    /**
     * Finds how much each operator of each layer may leave out so that all together meet a target, and writes it into the
     * profile. Reports to {@link HostServices#progress()}.
     *
     * @param settings how operators leave out, such as a method; what they say about how much is not used
     * @throws ProviderException if it cannot, with what happened and what to do
     */
    default void allocate(
            ModelDescription model, HostServices host, Settings settings, AllocationRequest request) {
        throw new ProviderException("This provider finds no targets: choose how much it leaves out by its settings");
    }

    /**
     * Joins profiles that several machines made, one shard each, into the one that a single machine would have made of
     * all of them: to the byte, in whatever order they are given.
     *
     * @param profiles two or more
     * @param output is replaced if it is there
     * @throws ProviderException if one cannot be read, or they do not belong together
     */
    void mergeProfiles(List<Path> profiles, Path output);

    /**
     * Says what a profile holds.
     *
     * @param settings choose what to show, such as the level whose thresholds are of interest
     * @throws ProviderException if it cannot be read
     */
    Report describeProfile(Path profile, Settings settings);
}
