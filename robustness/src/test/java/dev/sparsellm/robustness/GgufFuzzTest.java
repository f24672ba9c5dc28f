package dev.sparsellm.robustness;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.gguf.GgufTensor;
import dev.sparsellm.kernels.gguf.ModelFingerprint;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** Model files of strangers. */
class GgufFuzzTest {

    private static final Scratch SCRATCH = new Scratch();

    @FuzzTest
    void a_file_of_any_bytes_opens_or_is_refused(byte[] bytes) {
        Path file = SCRATCH.write("any.gguf", bytes);
        Refusals.accepts(() -> look(file));
    }

    @FuzzTest
    void a_plausible_model_runs_or_is_refused(byte[] edits) {
        Choices choices = new Choices(edits);
        PlausibleGguf sound = choices.below(2) == 0 ? SmallModel.sentencePiece() : SmallModel.byteLevel();
        Path file = SCRATCH.write("plausible.gguf", sound.spoil(choices).bytes());
        if (Refusals.accepts(() -> look(file))) {
            Refusals.acceptsOrSaysWhatIsWrong(() -> run(file));
        }
    }

    private static void look(Path file) {
        try (Gguf gguf = Gguf.open(file)) {
            for (String key : gguf.metadata().keys()) {
                gguf.metadata().find(key).orElseThrow().toString();
            }
            for (GgufTensor tensor : gguf.tensors()) {
                tensor.data().get(ValueLayout.JAVA_BYTE, 0);
                tensor.data().get(ValueLayout.JAVA_BYTE, tensor.data().byteSize() - 1);
            }
            ModelFingerprint.of(gguf);
        }
    }

    private static void run(Path file) {
        ModelOptions options = ModelOptions.defaults()
                .withThreads(1)
                .withProviders("dense")
                .withCacheDirectory(SCRATCH.folder().resolve("cache"));
        try (Model model = Model.load(file, options); Session session = model.newSession(model.defaultLineup(), 8)) {
            model.chatFormat();
            session.generate(
                    new GenerationRequest(session.prompt("ab c"), 2, SamplingOptions.greedy()), (id, text) -> true);
        }
    }
}
