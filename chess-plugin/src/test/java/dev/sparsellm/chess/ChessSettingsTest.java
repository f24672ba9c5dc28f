package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.chess.ShiftStatistics.Kind;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.SettingsException;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What settings mean, alone and together, and which models they can be met with. */
class ChessSettingsTest {

    private static ChessSettings settings(String list) {
        Map<String, String> values = new HashMap<>();
        for (String pair : list.isEmpty() ? new String[0] : list.split(",")) {
            values.put("chess." + pair.split("=")[0], pair.split("=")[1]);
        }
        return ChessSettings.of(new Settings(ChessSettings.declared(), values));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''|chess+, sparsity 0.5, attention 0.5, prompt dense|chess+",
        "sparsity=auto|chess+, sparsity auto, attention auto, prompt dense|chess+",
        "method=cats|cats, sparsity 0.5, attention dense, prompt dense|cats without attention",
        "method=chess,weight=rms,sparsity=0.4,attention.sparsity=0.3,prefill=masked,dense.tokens=8,hold=true,thresholds=plain"
                + "|chess (rms), sparsity 0.4, attention 0.3, prompt masked, first 8 tokens dense, shares held, thresholds plain"
                + "|chess (rms)",
        "method=chess,weight=mean,attention=false|chess, sparsity 0.5, attention dense, prompt dense|chess without attention"
    })
    void aMethodAndItsLevelsAreSaidInAFewWords(String list, String words, String choice) {
        assertThat(settings(list).inWords()).isEqualTo(words);
        assertThat(settings(list).choiceInWords()).isEqualTo(choice);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "method=cats,attention.sparsity=0.3|leave it unset, or set chess.attention to true and chess.method to chess or chess+",
        "attention=false,attention.sparsity=0.3|leave it unset, or set chess.attention to true",
        "method=cats,attention=true|set it to false, or chess.method to chess or chess+",
        "weight=rms|leave it unset, or set chess.method to chess"
    })
    void settingsThatDoNotGoTogetherSayWhichToChange(String list, String remedy) {
        assertThatThrownBy(() -> settings(list)).isInstanceOf(SettingsException.class).hasMessageEndingWith(": " + remedy);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''|false", "sparsity=0|true", "sparsity=0,attention.sparsity=0.3|false", "attention.sparsity=0|false",
        "sparsity=0,attention=false|true", "sparsity=auto|false"
    })
    void settingsAreExactWhereNothingIsEverLeftOut(String list, boolean exact) {
        assertThat(settings(list).exact()).isEqualTo(exact);
    }

    @Test
    void oneShareForAllLeavesEverythingElseAsItIs() {
        ChessSettings both = settings("method=chess,weight=rms,sparsity=auto,hold=true,dense.tokens=3,thresholds=plain,crossover=0.25");
        assertThat(both.at(0.3)).isEqualTo(new ChessSettings(
                true, Method.CHESS, true, false, 0.3, true, 0.3, false, 3, true, 0.25, false, Optional.empty(),
                Optional.empty()));
        assertThat(settings("attention=false").at(0.3).attentionSparsity()).isZero();
        assertThat(both.protection()).isEqualTo(new Protection(false, 3, true));
        assertThat(both.crossover()).isEqualTo(0.25);
        assertThat(settings("").crossover()).isNaN();
    }

    @Test
    void aShareIsThatOfThePlaceOrOfTheBudget() {
        Optional<Budget> budget = Optional.of(
                new Budget("kl=1", "a test", new float[] {0.125f, 0.25f, 0.375f, 0.5f, 0.625f, 0.75f}, 0, 1, 0, 0));
        ChessSettings fixed = settings("sparsity=0.4,attention.sparsity=0.3");
        assertThat(fixed.share(Site.FEED_FORWARD, 1, budget)).isEqualTo(0.4);
        assertThat(fixed.share(Site.OUTPUT, 1, budget)).isEqualTo(0.3);
        ChessSettings auto = settings("sparsity=auto");
        assertThat(auto.share(Site.QUERY, 1, budget)).isEqualTo(0.625);
        assertThatThrownBy(() -> auto.share(Site.QUERY, 1, Optional.empty()))
                .isInstanceOf(ProviderException.class)
                .hasMessageContainingAll("chess.sparsity is auto", "calibrate --target", "chess.profile");
    }

    @Test
    void methodsThatCompensateShiftLessAndOneOfThemHasNoFigureAtTheHeads() {
        for (Method method : Method.values()) {
            boolean plus = method == Method.CHESS_PLUS || method == Method.CHESS_PLUS_PLUS;
            assertThat(method.compensates()).isEqualTo(plus);
            for (Site site : Site.values()) {
                boolean known = method != Method.CHESS_PLUS_PLUS || site != Site.OUTPUT;
                assertThat(method.shift(site))
                        .isEqualTo(known ? Optional.of(plus ? Kind.COMPENSATED : Kind.PLAIN) : Optional.empty());
            }
            assertThat(Method.of(method.word())).isEqualTo(method);
        }
        assertThat(Method.words()).containsExactly("cats", "chess", "chess+", "chess++");
    }

    /** Values at the heads come out half as large where text is written, so that thresholds are to be halved. */
    @ParameterizedTest
    @CsvSource({
        "OUTPUT, '', 0.5", "QUERY, '', 0.5", "FEED_FORWARD, '', 1", "OUTPUT, thresholds=plain, 1", "OUTPUT, method=chess++, 1",
        "QUERY, method=chess++, 0.5"
    })
    void thresholdsAreCorrectedForWhatMaskingShifts(Site site, String list, double correction) {
        ShiftStatistics shift = new ShiftStatistics();
        int[] ones = new int[Magnitudes.BINS];
        ones[Magnitudes.bin(1)] = 10;
        int[] halves = new int[Magnitudes.BINS];
        halves[Magnitudes.bin(0.5f)] = 10;
        shift.record(Kind.PLAIN, 0, ones, 0, true);
        shift.record(Kind.COMPENSATED, 0, ones, 0, true);
        shift.record(Kind.COMPENSATED, 1, halves, 0, true);
        shift.record(Kind.COMPENSATED, 2, halves, 0, true);
        SiteStatistics seen = new SiteStatistics(site, site.grid(2), 1);
        for (int i = 1; i <= 99; i++) {
            float[] value = {i / 50f};
            if (site == Site.FEED_FORWARD) {
                seen.recordHidden(value, value, value, 1, 0, 1);
            } else {
                seen.recordInputs(value, 1, 0, 1);
            }
        }
        Profile.Place place = new Profile.Place(seen, new float[] {1}, shift);
        ChessSettings settings = settings(list);
        assertThat(settings.correction(site, place, 0.5)).isEqualTo(correction);
        double plain = settings("thresholds=plain" + (list.contains("method") ? "," + list : ""))
                .select(site, place, 99, 0.5)
                .tau();
        assertThat(settings.select(site, place, 99, 0.5).tau()).isEqualTo(correction * plain);
        ThresholdSolver solver = new ThresholdSolver(site, seen);
        Selection expected = list.equals("method=chess++")
                ? solver.solveByError(place.norms(), 0.5, correction)
                : solver.solve(Method.CHESS_PLUS.weights(site, place, 99, false), 0.5, correction, true);
        assertThat(settings.select(site, place, 99, 0.5).lower()).isEqualTo(expected.lower());
        if (list.equals("method=chess++") && site == Site.OUTPUT) {
            assertThat(settings.drift(site, place, 0.5)).isNaN();
        } else {
            assertThat(settings.drift(site, place, 0.5)).isEqualTo(0.5);
        }
    }

    @Test
    void aPlanSaysHowAnOperatorIsServed() {
        ModelDescription model = SmallLlama.random(TensorType.F32, 2, 32, 48, 2, 2, 1).description();
        var decisions = new Suitability(model, settings("sparsity=0.4,attention.sparsity=0.3")).decisions();
        assertThat(decisions).hasSize(6);
        assertThat(decisions.get(new OperatorKey(OperatorKind.FEED_FORWARD, 1))).isEqualTo(new Decision.Taken("chess+ at 0.4"));
        assertThat(decisions.get(new OperatorKey(OperatorKind.ATTENTION_QUERY, 0))).isEqualTo(new Decision.Taken("chess+ at 0.3"));
        assertThat(new Suitability(model, settings("sparsity=auto")).decisions().values())
                .containsOnly(new Decision.Taken("chess+ at the budget's share"));
        assertThat(new Suitability(model, settings("enabled=false")).decisions()).isEmpty();
    }

    /** Also for settings that leave a place alone, since a calibration runs all of them. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void aMatrixOfAnotherShapeOrTypeIsRefusedByName(int which) {
        ModelDescription d = SmallLlama.random(TensorType.F32, 2, 32, 48, 2, 2, 1).description();
        LayerWeights w = d.layers().get(1);
        Tensor[] matrices = {w.query(), w.attentionOutput(), w.gate(), w.up(), w.down()};
        Tensor right = matrices[which];
        RandomWeights random = new RandomWeights(1);
        for (int change = 0; change < 3; change++) {
            matrices[which] = random.tensor(
                    right.name(), TensorType.F32, right.rows() + (change == 0 ? 32 : 0), right.columns() + (change == 1 ? 32 : 0));
            LayerWeights changed = new LayerWeights(
                    matrices[0], w.key(), w.value(), matrices[1], matrices[2], matrices[3], matrices[4]);
            ModelDescription model = new ModelDescription(d.name(), d.architecture(), d.fingerprint(), d.shape(),
                    ActivationFunction.SILU, List.of(d.layers().getFirst(), changed), d.output());
            var decisions = new Suitability(model, settings("attention=false")).decisions();
            assertThat(decisions).hasSize(2);
            if (change == 2) {
                assertThat(decisions.values()).containsOnly(new Decision.Taken("chess+ at 0.5"));
            } else {
                assertThat(decisions.values()).containsOnly(new Decision.Refused(
                        "%s is [%d][%d], and [%d][%d] would fit the model's shape".formatted(
                                right.name(), matrices[which].rows(), matrices[which].columns(), right.rows(), right.columns()),
                        "run it dense with -Dchess.enabled=false, or use another model"));
            }
        }
    }
}
