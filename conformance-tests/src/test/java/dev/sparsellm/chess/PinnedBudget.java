package dev.sparsellm.chess;

import java.io.IOException;
import java.nio.file.Path;

/** Puts shares into a profile, as if {@code calibrate --target} had just found them. */
public final class PinnedBudget {

    private PinnedBudget() {}

    /**
     * Writes a profile with a budget.
     *
     * @param shares {@code [layers][sites]}
     * @return {@code output}
     */
    public static Path write(Path profile, float[] shares, Path output) throws IOException {
        Budget budget = new Budget("pinned", "a test", shares, 0, 1, 0, 0);
        ProfileFile.write(ProfileFile.read(profile).with(budget), output);
        return output;
    }

    /** The shares of a profile's budget, {@code [layers][sites]}. */
    public static float[] read(Path profile) {
        return ProfileFile.read(profile).budget().orElseThrow().shares();
    }
}
