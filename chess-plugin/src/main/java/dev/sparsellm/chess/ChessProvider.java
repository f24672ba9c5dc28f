package dev.sparsellm.chess;

import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.AllocationRequest;
import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Calibratable;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OneLine;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Report;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The provider {@code chess}: feed-forward blocks, query and output projections that leave out what calibrated
 * thresholds say does not matter.
 */
public final class ChessProvider implements OperatorProvider, Calibratable {

    private final WeightsInUse inUse = new WeightsInUse();

    /** For {@link java.util.ServiceLoader}. */
    public ChessProvider() {}

    @Override
    public String id() {
        return "chess";
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    @Override
    public String description() {
        return "leaves out channels by calibrated thresholds (CHESS, CATS)";
    }

    @Override
    public List<Setting> settings() {
        return ChessSettings.declared();
    }

    @Override
    public Plan plan(ModelDescription model, Settings settings) {
        return new Plan(new Suitability(model, ChessSettings.of(settings)).decisions());
    }

    @Override
    public PreparedOperators prepare(ModelDescription model, Settings settings, Plan plan, HostServices host) {
        return new Preparation(model, ChessSettings.of(settings), host, kernels(), inUse).prepare(plan.taken());
    }

    @Override
    public void calibrate(ModelDescription model, HostServices host, CalibrationRequest request) {
        Path output = request.output().toAbsolutePath();
        if (!Files.isDirectory(output.getParent()) || !Files.isWritable(output.getParent())) {
            throw new ProviderException("Nothing can be written to " + output.getParent()
                    + ": name an output in a folder that is there and writable");
        }
        if (Files.exists(output) && !Files.isRegularFile(output)) {
            throw new ProviderException(output + " is there already, and is no file: name another output");
        }
        Plan plan = plan(model, Settings.defaults(settings()));
        plan.firstRefusal().ifPresent(refused -> {
            throw new ProviderException(model.name() + " cannot be calibrated: " + refused.reason());
        });
        Path checkpoint = Calibrator.checkpointOf(output);
        Profile profile = new Calibrator(model, host, kernels()).run(request, Optional.of(checkpoint));
        write(profile, output);
        try {
            Files.deleteIfExists(checkpoint);
        } catch (IOException e) {
            host.notice("The calibration is complete, but " + checkpoint + " cannot be deleted: " + OneLine.of(e));
        }
    }

    @Override
    public void allocate(ModelDescription model, HostServices host, Settings settings, AllocationRequest request) {
        ChessSettings chess = ChessSettings.of(settings).at(0.5);
        Target target = Target.of(request.target());
        Profile profile = ProfileFile.read(request.profile());
        profile.requireFor(model, request.profile().toString());
        Windows windows = new Windows(
                new CalibrationRequest(
                        request.ids(), request.window(), request.maxTokens(), request.seed(), 0, 1, request.output(), false),
                host.text().beginOfText(),
                host.text().maxWindow());
        MaskedOperators operators = new MaskedOperators(model, host.dense(), kernels(), host.text().context());
        DamageMeter meter =
                new DamageMeter(model, host, windows, operators, new Selections(chess, profile, host));
        BudgetSearch search = new BudgetSearch(model, chess, host, meter::measure);
        Budget budget = search.find(target, request.target(), chess.choiceInWords());
        write(profile.with(budget), request.output());
        search.report(budget);
    }

    @Override
    public void mergeProfiles(List<Path> profiles, Path output) {
        if (profiles.size() < 2) {
            throw new ProviderException("Merging needs at least two profiles, and was given " + profiles.size());
        }
        Profile merged = ProfileFile.read(profiles.getFirst());
        for (Path file : profiles.subList(1, profiles.size())) {
            merged = merged.plus(ProfileFile.read(file));
        }
        write(merged, output);
    }

    @Override
    public Report describeProfile(Path profile, Settings settings) {
        return new ProfileReport(ProfileFile.read(profile), ChessSettings.of(settings)).report();
    }

    private static void write(Profile profile, Path output) {
        try {
            ProfileFile.write(profile, output);
        } catch (IOException e) {
            throw new ProviderException("The profile cannot be written to " + output + ": " + OneLine.of(e)
                    + "; name another output with -o", e);
        }
    }

    private static Kernels kernels() {
        return KernelChoice.ofThisJvm().kernels();
    }
}
