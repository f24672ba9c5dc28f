package dev.sparsellm.runtime.cli;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sparsellm.chess.ChessProvider;
import dev.sparsellm.robustness.Choices;
import dev.sparsellm.robustness.SmallModel;
import dev.sparsellm.robustness.Scratch;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.dense.DenseProvider;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.SettingsException;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;

/** Whatever is written behind -D, or in a provider's specification: it counts, or one line says why not. */
class PropertiesFuzzTest {

    private static final String[] KEYS = {
        "sparsellm.model", "sparsellm.provider", "sparsellm.threads", "sparsellm.cache", "sparsellm.vectorBits",
        "sparsellm.", "chess.enabled", "chess.method", "chess.weight", "chess.sparsity", "chess.attention",
        "chess.attention.sparsity", "chess.prefill", "chess.dense.tokens", "chess.hold", "chess.thresholds",
        "chess.profile", "chess.cache", "chess.", "chess.sparsty", "dense.x"
    };

    private static final String[] VALUES = {
        "", "true", "false", "cats", "chess", "chess+", "chess++", "auto", "0", "0.5", "0.95", "0.96", "-0", "-1",
        "1e-400", "1e400", "NaN", "Infinity", "0x1p-2", "0.5f", "0.5d", " 0.5 ", "dense", "masked", "plain", "corrected", "mean",
        "rms", "4", "00004", "99999", "2147483648", "1.5", "/nowhere", "a\u0000b", "two\nlines", "chess:sparsity=0.7",
        "chess:method=cats:sparsity=0.3,dense", "*", ",", ":", "=", "chess:", "chess:=", "none,none", "\uD800", "٣"
    };

    private static final Scratch SCRATCH = new Scratch();
    private static final ProviderCatalog CATALOG =
            ProviderCatalog.of(List.of(new ChessProvider(), new DenseProvider()));
    private static final Model MODEL = Model.load(
            SCRATCH.write("small.gguf", SmallModel.sentencePiece().bytes()),
            ModelOptions.defaults().withThreads(1).withCacheDirectory(SCRATCH.folder().resolve("cache")),
            CATALOG);

    @FuzzTest
    void properties_count_or_one_line_says_why_not(byte[] bytes) {
        Choices choices = new Choices(bytes);
        Properties properties = new Properties();
        for (int i = choices.below(5); i >= 0; i--) {
            properties.setProperty(word(choices, KEYS), word(choices, VALUES));
        }
        String preference = word(choices, VALUES);
        try {
            PropertyValues values = PropertyValues.of(properties, CATALOG);
            values.threads();
            values.model();
            values.cache();
            ChessProvider chess = new ChessProvider();
            chess.plan(MODEL.description(), new Settings(chess.settings(), values.settings()));
            MODEL.plan(preference);
        } catch (UsageException | SettingsException | ProviderException e) {
            String told = told(e);
            if (told.lines().count() != 1 || told.strip().codePoints().anyMatch(Character::isISOControl)) {
                throw new AssertionError("More than one line: " + told, e);
            }
        }
    }

    /** What a user sees. */
    private static String told(RuntimeException failure) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Failures.report(failure, new Streams(
                InputStream.nullInputStream(),
                new PrintStream(OutputStream.nullOutputStream()),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                0));
        return err.toString(StandardCharsets.UTF_8);
    }

    /** A known word, or any. */
    private static String word(Choices choices, String[] words) {
        int which = choices.below(words.length + 1);
        if (which < words.length) {
            return words[which];
        }
        byte[] any = new byte[choices.below(12)];
        for (int i = 0; i < any.length; i++) {
            any[i] = (byte) choices.below(256);
        }
        return new String(any, StandardCharsets.UTF_8);
    }
}
