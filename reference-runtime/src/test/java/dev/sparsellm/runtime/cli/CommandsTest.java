package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each command, as a user types it. */
class CommandsTest {

    private static String model;

    @BeforeAll
    static void findModel() {
        model = SharedFiles.require("models/stories260K.gguf").toString();
    }

    @Test
    void generateWritesTheGoldenTexts() throws IOException {
        for (JsonNode golden : new ObjectMapper().readTree(Files.readString(SharedFiles.require("goldens/greedy.json")))) {
            String file = SharedFiles.require(golden.get("model").asText()).toString();
            JsonNode json = CommandRun.of(
                            "generate", "--model", file, "--prompt", golden.get("prompt").asText(),
                            "-n", golden.get("n").asText(), "--temp", "0", "--json")
                    .json();
            assertThat(json.get("text").asText().strip()).isEqualTo(golden.get("text").asText().strip());
            assertThat(json.get("ids")).hasSizeLessThanOrEqualTo(golden.get("n").asInt());
            assertThat(json.get("prompt_tokens").asInt()).isPositive();
            assertThat(json.get("tokens_per_second").asDouble()).isPositive();
        }
    }

    @Test
    void generateWritesTextToStdoutAndSpeedToStderr() {
        CommandRun run = CommandRun.of("generate", "-m", model, "-p", "Once upon a time", "-n", "8", "--temp", "0")
                .succeeds();
        assertThat(run.out()).startsWith(", there was a little girl").endsWith(System.lineSeparator());
        assertThat(run.err()).contains("wrote 8 at", "dense");
    }

    /** Its help named an option that its parser did not know. */
    @Test
    void llama3_java_regression_the_help_names_options_as_they_are_parsed() {
        assertThat(CommandRun.of("generate", "--help").succeeds().out()).contains(" --temp, ").doesNotContain(" -temp");
        CommandRun.of("generate", "-m", model, "-p", "The", "-n", "2", "--temp=0").succeeds();
        assertThat(CommandRun.of("generate", "-m", model, "-p", "The", "-temp", "0").code()).isEqualTo(2);
    }

    @Test
    void generateReadsThePromptFromStdin() {
        CommandRun run = CommandRun.of(
                        "Once upon a time", new Properties(), "generate", "-m", model, "-f", "-", "-n", "4", "--temp", "0", "--echo")
                .succeeds();
        assertThat(run.out()).startsWith("Once upon a time, there was");
    }

    @Test
    void generateWithOneSeedWritesOneText() {
        String[] line = {"generate", "-m", model, "-p", "The", "-n", "20", "--seed", "7", "--temp", "1.2"};
        assertThat(CommandRun.of(line).succeeds().out()).isEqualTo(CommandRun.of(line).succeeds().out());
    }

    @Test
    void generateEndsAtAStopText() {
        JsonNode json = CommandRun.of(
                        "generate", "-m", model, "-p", "Once upon a time", "-n", "64", "--temp", "0", "--stop", " girl", "--json")
                .json();
        assertThat(json.get("text").asText()).isEqualTo(", there was a little");
        assertThat(json.get("stop").asText()).isEqualTo("stop_text");
    }

    @Test
    void tokenizePrintsIds(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "Once upon a time");
        JsonNode ids = CommandRun.of("tokenize", "--model", model, "--file", text.toString(), "--json").json().get("ids");
        assertThat(ids.get(0).asInt()).isEqualTo(1);
        JsonNode without = CommandRun.of("tokenize", "--model", model, "--file", text.toString(), "--no-bos", "--json")
                .json()
                .get("ids");
        assertThat(without).hasSize(ids.size() - 1);
        assertThat(without.get(0)).isEqualTo(ids.get(1));
    }

    @Test
    void tokenizeTakesNamesOfSpecialTokensForTextUnlessTold() {
        JsonNode plain = CommandRun.of("tokenize", "-m", model, "--text", "a</s>", "--no-bos", "--json").json().get("ids");
        JsonNode special =
                CommandRun.of("tokenize", "-m", model, "--text", "a</s>", "--no-bos", "--parse-special", "--json")
                        .json()
                        .get("ids");
        assertThat(special.get(special.size() - 1).asInt()).isEqualTo(2);
        assertThat(plain).noneMatch(id -> id.asInt() == 2);
    }

    @Test
    void tokenizeListsPiecesOnOneLineEach() {
        CommandRun run = CommandRun.of("tokenize", "-m", model, "--text", "a\n\tb").succeeds();
        assertThat(run.out().lines()).allMatch(line -> line.matches(" *\\d+  \".*\""));
    }

    @Test
    void tokenizeNeedsNoMoreThanAVocabulary() {
        String vocabulary = SharedFiles.require("tokenizers/ggml-vocab-llama-bpe.gguf").toString();
        JsonNode ids = CommandRun.of("tokenize", "-m", vocabulary, "--text", "Hello world", "--json").json().get("ids");
        assertThat(ids.toString()).isEqualTo("[128000,9906,1917]");
    }

    @Test
    void perplexityAgreesWithTheGoldenFigure() throws IOException {
        JsonNode golden = new ObjectMapper().readTree(Files.readString(SharedFiles.require("goldens/perplexity.json"))).get(0);
        JsonNode json = CommandRun.of(
                        "perplexity", "--model", SharedFiles.require(golden.get("model").asText()).toString(),
                        "--file", SharedFiles.require(golden.get("file").asText()).toString(),
                        "--ctx", golden.get("ctx").asText(), "--chunks", golden.get("chunks").asText(),
                        "--provider", "dense", "--json")
                .json();
        double expected = golden.get("perplexity").asDouble();
        assertThat(json.get("perplexity").asDouble()).isBetween(expected * 0.9995, expected * 1.0005);
        assertThat(json.get("tokens").asInt())
                .isEqualTo(golden.get("chunks").asInt() * (golden.get("ctx").asInt() / 2 - 1));
    }

    @Test
    void perplexityReadsTokenIds() {
        JsonNode json = CommandRun.of(
                        "perplexity", "-m", model, "--ids", "--file",
                        SharedFiles.require("goldens/stories260K.eval.ids").toString(),
                        "--ctx", "256", "--chunks", "2", "--json")
                .json();
        assertThat(json.get("perplexity").asDouble()).isBetween(3.0, 10.0);
        assertThat(json.get("tokens").asInt()).isEqualTo(254);
        assertThat(json.get("left_out")).isEmpty();
    }

    @Test
    void inspectShowsMetadataTensorsTypesAndWhoServes() {
        String out = CommandRun.of("inspect", "--model", model).succeeds().out();
        assertThat(out)
                .contains("general.architecture", "512 values", "blk.4.ffn_down.weight", "[64][172]", "F32", "100.0 %")
                .containsPattern("feed_forward +layers 0-4 +dense")
                .containsPattern("output +dense");
    }

    @Test
    void inspectPrintsTheSameAsJson() {
        JsonNode json = CommandRun.of("inspect", "--model", model, "--json").json();
        assertThat(json.get("metadata").get("llama.block_count").asInt()).isEqualTo(5);
        assertThat(json.get("tensors")).hasSize(48);
        assertThat(json.get("types").get("F32").get("tensors").asInt()).isEqualTo(48);
        assertThat(json.get("operators").get(0).get("provider").asText()).isEqualTo("dense");
    }

    @Test
    void providersListsTheHostsOwn() {
        assertThat(CommandRun.of("providers").succeeds().out()).contains("dense", "from ");
        assertThat(CommandRun.of("providers", "--json").json().get("providers"))
                .anyMatch(provider -> provider.get("id").asText().equals("dense")
                        && provider.get("usable").asBoolean());
    }

    @Test
    void benchMeasuresReadingAndWriting() {
        JsonNode json = CommandRun.of(
                        "bench", "--model", model, "-p", "32", "-n", "8", "-r", "2", "--threads", "2", "--provider", "dense", "--json")
                .json();
        assertThat(json.get("threads").asInt()).isEqualTo(2);
        JsonNode result = json.get("results").get(0);
        assertThat(result.get("provider").asText()).isEqualTo("dense");
        for (String phase : new String[] {"prefill", "decode"}) {
            assertThat(result.get(phase).get("rounds")).hasSize(2);
            assertThat(result.get(phase).get("median").asDouble())
                    .isBetween(result.get(phase).get("min").asDouble(), result.get(phase).get("max").asDouble())
                    .isPositive();
        }
    }

    @Test
    void chatReadsLinesAndObeysCommands() {
        CommandRun run = CommandRun.of(
                        "Once upon a time\n/context\n/nonsense\n/reset\n/context\n/help\n/exit\nnever read\n",
                        new Properties(), "chat", "-m", model, "-n", "8", "--temp", "0")
                .succeeds();
        assertThat(run.out()).isEqualTo(", there was a little girl" + System.lineSeparator());
        assertThat(run.err()).contains("knows no conversations", "12 of 2048", "no command /nonsense", "0 of 2048", "Ctrl-D");
    }

    @Test
    void chatSaysWhenTheContextIsFullAndGoesOn() {
        CommandRun run = CommandRun.of(
                        "a very long message that has many words\n/reset\nOnce\n",
                        new Properties(), "chat", "-m", model, "-n", "8", "--temp", "0", "--ctx", "12")
                .succeeds();
        assertThat(run.err()).contains("the context is full", "/reset");
        assertThat(run.out()).isNotBlank();
    }

    @Test
    void synthesizeWritesAModelThatRuns(@TempDir Path folder) {
        Path file = folder.resolve("tiny.gguf");
        CommandRun.of("synthesize", "--shape", "tiny", "--layers", "1", "--vocab", "600", "--type", "q4_0", "-o", file.toString()).succeeds();
        JsonNode json = CommandRun.of("generate", "-m", file.toString(), "-p", "Hello", "-n", "4", "--ignore-end", "--json")
                .json();
        assertThat(json.get("ids")).hasSize(4);
    }

    @Test
    void theModelMayComeFromAProperty() {
        assertThat(CommandRun.withProperty("sparsellm.model", model, "tokenize", "--text", "a", "--json").json().get("ids"))
                .isNotEmpty();
    }

    @Test
    void theProviderMayComeFromAProperty() {
        CommandRun.withProperty("sparsellm.provider", "nobody", "generate", "-m", model, "-p", "a")
                .failsWith(ExitCode.FAILED, "nobody", "dense");
    }

    @Test
    void everyCommandHasHelp() {
        for (String command : new String[] {
            "generate", "chat", "serve", "compare", "calibrate", "merge-profiles", "tokenize", "perplexity", "bench", "inspect",
            "providers", "synthesize"
        }) {
            CommandRun run = CommandRun.of(command, "--help").succeeds();
            assertThat(run.out()).startsWith("Usage: sparsellm " + command);
            assertThat(run.err()).isEmpty();
        }
        assertThat(CommandRun.of("--help").succeeds().out()).contains("generate", "-Dkey=value");
        assertThat(CommandRun.of("--version").succeeds().out()).startsWith("sparsellm ");
    }
}
