package dev.sparsellm.langchain4j;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.demo.DemoModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The demo model, opened once; dense, so that nothing is calibrated. */
final class DemoChat {

    static final String NAME = "demo";

    private static final Model MODEL = open();

    private DemoChat() {}

    static Model model() {
        return MODEL;
    }

    private static Model open() {
        try {
            Path folder = Files.createTempDirectory("sparsellm-langchain4j");
            folder.toFile().deleteOnExit();
            return Model.load(
                    DemoModel.locate(folder).orElseThrow(),
                    ModelOptions.defaults().withCacheDirectory(folder).withThreads(2).withProviders("dense"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static SparseLlmChatModel.Builder chat() {
        return SparseLlmChatModel.builder().model(MODEL).modelName(NAME).contextLength(128);
    }

    static SparseLlmStreamingChatModel.Builder streaming() {
        return SparseLlmStreamingChatModel.builder().model(MODEL).modelName(NAME).contextLength(128);
    }
}
