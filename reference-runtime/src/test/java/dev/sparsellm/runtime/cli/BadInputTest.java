package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is wrong with what a user gives: one line that says what and where, exit code 1 or 2, no stack trace. */
class BadInputTest {

    private static Path model;
    private static byte[] bytes;

    @TempDir
    private Path folder;

    @BeforeAll
    static void readModel() throws IOException {
        model = SharedFiles.require("models/stories260K.gguf");
        bytes = Files.readAllBytes(model);
    }

    private CommandRun generate(byte[] content) throws IOException {
        Path file = Files.write(folder.resolve("model.gguf"), content);
        return CommandRun.of("generate", "--model", file.toString(), "--prompt", "a", "-n", "2", "--temp", "0");
    }

    @Test
    void aMissingModelIsNamed() {
        CommandRun.of("generate", "--model", folder.resolve("no such.gguf").toString(), "--prompt", "a")
                .failsWith(ExitCode.FAILED, "no such.gguf");
    }

    @Test
    void aFolderIsNoModel() {
        CommandRun.of("generate", "--model", folder.toString(), "--prompt", "a").failsWith(ExitCode.FAILED, folder.toString());
    }

    @Test
    void anEmptyFileIsNoModel() throws IOException {
        generate(new byte[0]).failsWith(ExitCode.FAILED, "model.gguf");
    }

    @Test
    void aFileWithAnotherMagicIsNoModel() throws IOException {
        byte[] other = bytes.clone();
        other[0] = 'X';
        generate(other).failsWith(ExitCode.FAILED, "model.gguf", "GGUF");
        generate("PK\003\004 this is a zip file, or begins as one".getBytes(StandardCharsets.UTF_8))
                .failsWith(ExitCode.FAILED, "model.gguf", "GGUF");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.00001, 0.0001, 0.001, 0.005, 0.01, 0.1, 0.5, 0.9, 0.999})
    void aTruncatedModelIsRefused(double share) throws IOException {
        generate(java.util.Arrays.copyOf(bytes, (int) (bytes.length * share))).failsWith(ExitCode.FAILED, "model.gguf");
    }

    /** A flipped bit in a weight gives other text; one in the header must never give more than one line. */
    @Test
    void flippedBitsNeverGiveAStackTrace() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 150; i++) {
            byte[] damaged = bytes.clone();
            int at = random.nextInt(i % 2 == 0 ? 700 : 16_000);
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            CommandRun run = generate(damaged);
            assertThat(run.code()).as("exit code with byte %d damaged, stderr: %s", at, run.err()).isBetween(0, 1);
            assertThat(run.err()).doesNotContain("Internal error", "\tat ", "Out of memory");
            assertThat(run.err().lines()).as("stderr with byte %d damaged", at).hasSizeLessThanOrEqualTo(3);
        }
    }

    @Test
    void anUnknownArchitectureIsNamed() throws IOException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int at = text.indexOf("llama", text.indexOf("general.architecture"));
        byte[] other = bytes.clone();
        System.arraycopy("marsu".getBytes(StandardCharsets.US_ASCII), 0, other, at, 5);
        generate(other).failsWith(ExitCode.FAILED, "model.gguf", "marsu", "llama");
    }

    @Test
    void anUnknownTensorTypeIsNamed() throws IOException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        // Name, number of dimensions (4 bytes), dimensions (8 each), type (4).
        int at = text.indexOf("blk.2.ffn_up.weight") + "blk.2.ffn_up.weight".length() + 4 + 16;
        byte[] other = bytes.clone();
        other[at] = 77;
        generate(other).failsWith(ExitCode.FAILED, "model.gguf", "blk.2.ffn_up.weight", "77");
    }

    @Test
    void inspectStillShowsAFileWhoseModelCannotRun() throws IOException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        byte[] other = bytes.clone();
        other[text.indexOf("llama", text.indexOf("general.architecture"))] = 'x';
        Path file = Files.write(folder.resolve("model.gguf"), other);
        CommandRun run = CommandRun.of("inspect", "--model", file.toString());
        assertThat(run.code()).isEqualTo(ExitCode.FAILED);
        assertThat(run.out()).contains("xlama", "blk.0.attn_q.weight");
        assertThat(run.err().lines()).hasSize(1);
        assertThat(CommandRun.of("inspect", "--json", "--model", file.toString()).out()).contains("\"error\":");
    }

    @Test
    void aPromptLongerThanTheContextIsRefused() {
        CommandRun.of("generate", "-m", model.toString(), "-p", "word ".repeat(50), "--ctx", "16")
                .failsWith(ExitCode.FAILED, "16", "--ctx");
    }

    @Test
    void anAbsurdContextIsRefused() {
        CommandRun run = CommandRun.of("generate", "-m", model.toString(), "-p", "a", "--ctx", "2000000000");
        assertThat(run.code()).isEqualTo(ExitCode.FAILED);
        assertThat(run.err().lines()).hasSize(2).first().asString().contains("made for 2048 positions");
        assertThat(run.err()).contains("1 to 16777216 positions (--ctx)");
    }

    @Test
    void aTextShorterThanAWindowIsRefused() throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "short");
        CommandRun.of("perplexity", "-m", model.toString(), "--file", text.toString(), "--ctx", "256")
                .failsWith(ExitCode.FAILED, "256");
    }

    @Test
    void textThatIsNotUtf8IsRefused() throws IOException {
        Path text = Files.write(folder.resolve("text"), new byte[] {'a', (byte) 0xff, 'b'});
        CommandRun.of("tokenize", "-m", model.toString(), "--file", text.toString()).failsWith(ExitCode.FAILED, "UTF-8");
    }

    @Test
    void aMissingTextIsNamed() {
        CommandRun.of("tokenize", "-m", model.toString(), "--file", folder.resolve("gone").toString())
                .failsWith(ExitCode.FAILED, "gone");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 2 x", "1 512", "-1", "99999999999"})
    void idsOutsideTheVocabularyAreNamed(String ids) throws IOException {
        Path file = Files.writeString(folder.resolve("ids"), ids);
        CommandRun.of("perplexity", "-m", model.toString(), "--ids", "--file", file.toString(), "--ctx", "4")
                .failsWith(ExitCode.FAILED, "--ids", "511");
    }

    @ParameterizedTest
    @CsvSource({
        "generate --modell x,           --model",
        "generat,                       generate",
        "generate -m x --prompt,        --prompt",
        "generate -m x -Dkey,           -Dkey=value",
        "generate -m x -p a -n many,    many",
        "generate -m x -p a -n -1,      -1",
        "generate -m x -p a --temp -1,  temperature",
        "generate -m x,                 --prompt",
        "perplexity -m x,               --file",
        "perplexity -m x --file y --text z, --text",
        "bench -m x -r 0,               -r",
        "tokenize -m x stray,           stray",
        "synthesize --shape nothing -o x, nothing",
        "synthesize --shape tiny --type Q9 -o x, Q9",
        "nonsense,                      --help",
        "'',                            generate"
    })
    void aWrongCommandLineIsAUsageError(String line, String word) {
        CommandRun.of(line.isEmpty() ? new String[0] : line.split(" ")).failsWith(ExitCode.USAGE, word);
    }

    @Test
    void withoutAModelAndWithoutADemoModelTheUserIsToldToNameOne() {
        org.junit.jupiter.api.Assumptions.assumeTrue(
                getClass().getResource("/dev/sparsellm/runtime/demo/demo.gguf") == null, "this build has a demo model");
        CommandRun.of("generate", "--prompt", "a").failsWith(ExitCode.USAGE, "--model");
    }

    @ParameterizedTest
    @CsvSource({
        "sparsellm.modle,    x,  sparsellm.model",
        "sparsellm.threads,  0,  sparsellm.threads",
        "chess.sparsity,     2,  chess.sparsity",
        "chess.sparsty,      2,  chess"
    })
    void aWrongPropertyIsAUsageErrorThatNamesIt(String key, String value, String word) {
        CommandRun.withProperty(key, value, "generate", "-m", model.toString(), "-p", "a")
                .failsWith(ExitCode.USAGE, key, word);
    }

    @Test
    void unknownProvidersAreErrorsThatListTheOnesThere() {
        CommandRun.of("generate", "-m", model.toString(), "-p", "a", "--provider", "ches").failsWith(ExitCode.FAILED, "ches", "dense");
        CommandRun.of("generate", "-m", model.toString(), "-p", "a", "--provider", "dense:x")
                .failsWith(ExitCode.USAGE, "'x'");
    }

    @Test
    void stdinThatEndsAtOnceIsNoError() {
        CommandRun.of("", new Properties(), "chat", "-m", model.toString()).succeeds();
    }
}
