package dev.sparsellm.runtime.plugin;

import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Calibratable;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Report;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Usage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Leaves out every n-th input of feed-forward blocks, Q and O while decoding, and counts. Serves only when named. Its
 * profiles are lines of text.
 */
public final class ThinningProvider implements OperatorProvider, Calibratable {

    private static final String EVERY = "thinning.every";

    public ThinningProvider() {}

    @Override
    public String id() {
        return "thinning";
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    @Override
    public int priority() {
        return -1;
    }

    @Override
    public List<Setting> settings() {
        return List.of(
                new Setting(EVERY, new Setting.Type.Decimal(2, 100, List.of()), "2", "which inputs to leave out"),
                new Setting("thinning.profile", new Setting.Type.PathName(), "", "not used"));
    }

    @Override
    public Plan plan(ModelDescription model, Settings settings) {
        Map<OperatorKey, Decision> decisions = new TreeMap<>();
        for (OperatorKey key : OperatorKey.all(model.shape())) {
            switch (key.kind()) {
                case FEED_FORWARD, ATTENTION_QUERY, ATTENTION_OUTPUT -> decisions.put(key, new Decision.Taken("thinned"));
                default -> {}
            }
        }
        return Plan.of(decisions);
    }

    @Override
    public PreparedOperators prepare(ModelDescription model, Settings settings, Plan plan, HostServices host) {
        int every = (int) settings.decimal(EVERY);
        return new PreparedOperators() {
            @Override
            public SessionOperators newSession(SessionContext context) {
                return new Session(model, plan, host, context, every);
            }

            @Override
            public String summary() {
                return "without every input number " + every;
            }

            @Override
            public void close() {}
        };
    }

    private static final class Session implements SessionOperators {

        private final ModelDescription model;
        private final Plan plan;
        private final HostServices host;
        private final SessionContext context;
        private final int every;
        private final Map<OperatorKey, Usage> usages = new HashMap<>();

        Session(ModelDescription model, Plan plan, HostServices host, SessionContext context, int every) {
            this.model = model;
            this.plan = plan;
            this.host = host;
            this.context = context;
            this.every = every;
        }

        @Override
        public Optional<FeedForward> feedForward(int layer) {
            OperatorKey key = new OperatorKey(OperatorKind.FEED_FORWARD, layer);
            FeedForward dense = host.dense().feedForward(layer, context);
            int columns = model.shape().dim();
            long bytes = model.layers().get(layer).gate().data().byteSize();
            return plan.takes(key)
                    ? Optional.of((pass, x, y) -> dense.apply(pass, thinned(key, pass, x, columns, bytes), y))
                    : Optional.empty();
        }

        @Override
        public Optional<Projection> projection(OperatorKey key) {
            return !plan.takes(key)
                    ? Optional.empty()
                    : model.projectionWeights(key).map(weights -> {
                        Projection dense = host.dense().projection(weights, context);
                        int columns = model.shape().heads() * model.shape().headDim();
                        long bytes = weights.data().byteSize();
                        return (pass, x, y) -> dense.apply(pass, thinned(key, pass, x, columns, bytes), y);
                    });
        }

        private float[] thinned(OperatorKey key, Pass pass, float[] x, int columns, long bytes) {
            float[] thin = x.clone();
            int dropped = 0;
            for (int i = 0; pass.phase() == Phase.DECODE && i < pass.batch() * columns; i++) {
                if (i % columns % every == 0) {
                    thin[i] = 0;
                    dropped++;
                }
            }
            long rows = pass.batch();
            long decoded = pass.phase() == Phase.DECODE ? rows : 0;
            long all = rows * columns;
            Usage usage = new Usage(
                    rows, all - dropped, all, decoded * bytes * (all - dropped) / all, decoded * bytes, decoded);
            usages.merge(key, usage, Usage::plus);
            return thin;
        }

        @Override
        public Usage usage(OperatorKey key) {
            return usages.getOrDefault(key, Usage.NONE);
        }
    }

    /** One line for each window read: its number and its first id. */
    @Override
    public void calibrate(ModelDescription model, HostServices host, CalibrationRequest request) {
        List<String> lines = new ArrayList<>();
        int windows = request.ids().length / request.window();
        try (ProgressSink.Work work = host.progress().start("Looking", windows)) {
            for (int w = request.shard(); w < windows; w += request.shards()) {
                lines.add(w + " " + request.ids()[w * request.window()] + " " + request.resume());
                work.done(w + 1);
                if (Thread.interrupted()) {
                    throw new ProviderException("Interrupted after " + (w + 1) + " windows");
                }
            }
            Files.write(request.output(), lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void mergeProfiles(List<Path> profiles, Path output) {
        TreeSet<String> lines = new TreeSet<>();
        try {
            for (Path profile : profiles) {
                lines.addAll(Files.readAllLines(profile));
            }
            Files.write(output, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Report describeProfile(Path profile, Settings settings) {
        try {
            List<List<Object>> rows = List.of(List.of(settings.decimal(EVERY), Double.NaN, 7L, "\u001B[31mred"));
            return new Report(
                    Map.of("windows", Integer.toString(Files.readAllLines(profile).size())),
                    List.of(new Report.Table("A table", List.of("every", "nothing", "seven", "words"), rows)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
