package dev.sparsellm.runtime.events;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.plugin.Plugins;
import dev.sparsellm.runtime.plugin.ThinningProvider;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Usage;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PassEventsTest {

    @Test
    void aRecordingHoldsEveryPassAndWhatOperatorsKept(@TempDir Path folder) throws Exception {
        Path file = SharedFiles.require("models/stories260K.gguf");
        Path recorded = folder.resolve("passes.jfr");
        SortedMap<OperatorKey, Usage> usages = Plugins.with(ThinningProvider.class, folder, () -> {
            try (Model model = Model.load(file, ModelOptions.defaults().withThreads(1));
                    Session session = model.newSession(model.lineup("thinning"), 64);
                    Recording recording = new Recording()) {
                recording.enable(PassEvent.class);
                recording.enable(OperatorEvent.class);
                recording.start();
                session.generate(
                        new GenerationRequest(session.prompt("Once upon a time"), 6, SamplingOptions.greedy()), TokenSink.NONE);
                recording.stop();
                recording.dump(recorded);
                return session.usages();
            }
        });
        List<RecordedEvent> passes = events(recorded, "dev.sparsellm.Pass");
        assertThat(passes).hasSize(6);
        RecordedEvent prompt = passes.getFirst();
        assertThat(prompt.getString("phase")).isEqualTo("PREFILL");
        assertThat(prompt.getInt("position")).isZero();
        int batch = prompt.getInt("batch");
        assertThat(batch).isGreaterThan(1);
        assertThat(prompt.getLong("feedForwardKept")).isEqualTo(prompt.getLong("feedForwardTotal"));
        for (int i = 1; i < passes.size(); i++) {
            RecordedEvent pass = passes.get(i);
            assertThat(pass.getString("phase")).isEqualTo("DECODE");
            assertThat(pass.getString("lineup")).isEqualTo("thinning");
            assertThat(pass.getInt("position")).isEqualTo(batch + i - 1);
            assertThat(pass.getInt("batch")).isEqualTo(1);
            assertThat(pass.getDuration()).isPositive();
            assertThat(2 * pass.getLong("queryKept")).isEqualTo(pass.getLong("queryTotal")).isPositive();
            assertThat(2 * pass.getLong("outputKept")).isEqualTo(pass.getLong("outputTotal"));
            assertThat(pass.getLong("weightsRead")).isLessThan(pass.getLong("weightsDense")).isPositive();
        }
        assertThat(passes.stream().mapToLong(pass -> pass.getLong("feedForwardKept")).sum())
                .isEqualTo(usages.entrySet().stream()
                        .filter(e -> e.getKey().kind() == OperatorKind.FEED_FORWARD)
                        .mapToLong(e -> e.getValue().kept())
                        .sum());
        List<RecordedEvent> operators = events(recorded, "dev.sparsellm.Operator");
        assertThat(operators).hasSize(6 * 15);
        usages.forEach((key, usage) -> assertThat(operators.stream()
                        .filter(event -> event.getString("operator").equals(key.toString()))
                        .mapToLong(event -> event.getLong("kept"))
                        .sum())
                .isEqualTo(usage.kept()));
    }

    private static List<RecordedEvent> events(Path recording, String name) throws IOException {
        return RecordingFile.readAllEvents(recording).stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
    }

    @Test
    void aSessionRunsWithoutTheFlightRecordersModule() throws Exception {
        Path file = SharedFiles.require("models/stories260K.gguf");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--limit-modules", "java.base,java.logging,java.desktop,jdk.management,jdk.incubator.vector",
                        "--add-modules", "jdk.incubator.vector",
                        "-cp", System.getProperty("java.class.path"),
                        "dev.sparsellm.runtime.cli.Main",
                        "generate", "--model", file.toString(), "--provider", "dense", "-p", "Once upon a time", "-n", "4",
                        "--temp", "0")
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains(", there was");
    }
}
