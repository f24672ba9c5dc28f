package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.chess.ChessProvider;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trained weights, which are not as regular as those of the kit. */
class DemoModelTest {

    private static final int TOKENS = 512;
    private static final int WINDOW = 64;

    @TempDir
    static Path folder;

    private static final ChessProvider PROVIDER = new ChessProvider();
    private static Model model;
    private static Path profile;

    @BeforeAll
    static void calibrate() {
        model = Demo.open(folder);
        profile = folder.resolve("demo.profile.gguf");
        int[] ids = new Random(1).ints(TOKENS, 0, model.description().shape().vocab()).toArray();
        PROVIDER.calibrate(
                model.description(), model.host(), new CalibrationRequest(ids, WINDOW, 0, 0, 0, 1, profile, false));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cats", "chess", "chess+"})
    void operators_give_what_they_declare(String method) {
        ModelDescription description = model.description();
        Settings settings = new Settings(
                PROVIDER.settings(), Map.of("chess.method", method, "chess.profile", profile.toString()));
        Plan plan = PROVIDER.plan(description, settings);
        Oracle oracle = new Oracle(description, new Matrices());
        try (PreparedOperators prepared = PROVIDER.prepare(description, settings, plan, model.host());
                SessionOperators session = prepared.newSession(new SessionContext(2, model.host().workers()))) {
            for (OperatorKey key : plan.taken()) {
                Operator operator = Operator.of(description, session, key).orElseThrow();
                float[] x = operator.input(2, 1);
                float[] y = operator.apply(Phase.DECODE, 2, x);
                double error = 0;
                double size = 0;
                for (int b = 0; b < 2; b++) {
                    double[] row = oracle.row(key, prepared.approximation(key), Phase.DECODE, x, b)
                            .error(y, b * operator.outputs());
                    error += row[0];
                    size += row[1];
                }
                assertThat(error / size).as("NMSE of " + key).isLessThan(Capabilities.F32_SUMS);
                assertThat(session.usage(key).sparsity()).as("sparsity of " + key).isPositive();
            }
        }
    }
}
