package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OneLine;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.TextRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;

/**
 * Runs a text through a model and records what its channels do. The result depends on the request only; now and then
 * it is kept beside the output, as a profile of the windows read so far, to go on from after an interruption.
 */
final class Calibrator {

    private static final Duration BETWEEN_CHECKPOINTS = Duration.ofSeconds(60);

    private final ModelDescription model;
    private final HostServices host;
    private final Kernels kernels;

    Calibrator(ModelDescription model, HostServices host, Kernels kernels) {
        this.model = model;
        this.host = host;
        this.kernels = kernels;
    }

    /** Where a calibration keeps what it has until it is complete. */
    static Path checkpointOf(Path output) {
        return output.resolveSibling(output.getFileName() + ".partial");
    }

    /**
     * Calibrates.
     *
     * @param checkpoint what to go on from and to keep up to date, or empty
     * @throws ProviderException if the text is too short, or the thread was interrupted
     */
    Profile run(CalibrationRequest request, Optional<Path> checkpoint) {
        TextRunner text = host.text();
        Windows windows = new Windows(request, text.beginOfText(), text.maxWindow());
        if ((long) windows.count() * request.window() > SiteStatistics.MAX_POSITIONS) {
            throw new ProviderException("The text has more than the " + SiteStatistics.MAX_POSITIONS
                    + " positions a profile holds; limit the tokens");
        }
        Provenance nothing = new Provenance(
                model.name(),
                model.fingerprint(),
                Windows.hash(request.ids()),
                request.ids().length,
                request.window(),
                windows.chosen() ? request.seed() : 0,
                windows.count(),
                new BitSet());
        Profile profile = start(nothing, checkpoint.filter(file -> request.resume()), request);
        RecordingOperators operators =
                new RecordingOperators(model, profile, host.dense(), kernels, text.context());
        ShiftRecorder shift = new ShiftRecorder(model, profile, host.dense(), kernels, text.context());
        BitSet done = (BitSet) profile.provenance().done().clone();
        long written = System.nanoTime();
        try (ProgressSink.Work work = host.progress().start("Calibrating", mine(windows.count(), request))) {
            for (int window = request.shard(); window < windows.count(); window += request.shards()) {
                if (done.get(window)) {
                    continue;
                }
                boolean interrupted = Thread.interrupted();
                if (interrupted || System.nanoTime() - written > BETWEEN_CHECKPOINTS.toNanos()) {
                    checkpoint.ifPresent(file -> keep(withDone(profile, done), file));
                    written = System.nanoTime();
                }
                if (interrupted) {
                    Thread.currentThread().interrupt();
                    throw new ProviderException("The calibration was interrupted after " + done.cardinality()
                            + " windows; run it again to go on from there");
                }
                text.run(windows.ids(window), operators);
                if (window % betweenShifts(windows.count()) == 0) {
                    shift.record(windows.ids(window), text);
                }
                done.set(window);
                work.done(done.cardinality());
            }
        }
        return withDone(profile, done);
    }

    private Profile start(Provenance nothing, Optional<Path> checkpoint, CalibrationRequest request) {
        if (checkpoint.filter(Files::exists).isPresent()) {
            Path file = checkpoint.get();
            try {
                Profile kept = ProfileFile.read(file);
                if (kept.provenance().sameWork(nothing)
                        && kept.provenance().done().stream().allMatch(w -> w % request.shards() == request.shard())) {
                    kept.requireFor(model, file.toString());
                    return kept;
                }
                host.notice("Starting anew: " + file + " belongs to another calibration");
            } catch (ProviderException e) {
                host.notice("Starting anew: " + e.getMessage());
            }
        }
        return Profile.empty(model, nothing, new ColumnNorms(kernels, host.workers()));
    }

    private void keep(Profile profile, Path checkpoint) {
        try {
            ProfileFile.write(profile, checkpoint);
        } catch (IOException e) {
            host.notice("What was learnt so far could not be kept in " + checkpoint + " (" + OneLine.of(e)
                    + "): an interruption would lose it");
        }
    }

    private static Profile withDone(Profile profile, BitSet done) {
        Provenance made = profile.provenance();
        return profile.with(new Provenance(
                made.modelName(),
                made.fingerprint(),
                made.textHash(),
                made.textTokens(),
                made.window(),
                made.seed(),
                made.windows(),
                (BitSet) done.clone()));
    }

    /** Five more runs of a window cost time, and shifts, which are common to all channels of a place, show soon. */
    private static int betweenShifts(int windows) {
        return Math.clamp(windows / 8, 8, 16);
    }

    /** Runs of a window on average, of those that are run several times and those that are run once. */
    static double runsOfWindow() {
        return 1 + (double) ShiftRecorder.RUNS / betweenShifts(1);
    }

    private static long mine(int windows, CalibrationRequest request) {
        return (windows - request.shard() + request.shards() - 1) / request.shards();
    }
}
