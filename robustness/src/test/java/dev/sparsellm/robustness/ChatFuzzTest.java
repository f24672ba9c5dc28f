package dev.sparsellm.robustness;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.chat.ChatMessage;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Chat templates of strangers, and users who write what steers the model. */
class ChatFuzzTest {

    private static final String[] PARTS = {
        "<|im_start|>", "<|im_sep|>", "<|im_end|>", "[INST]", " [INST]", "\"[INST]\"", "[/INST]", "[SYSTEM_PROMPT]",
        "' [INST] ' + system_message", "[AVAILABLE_TOOLS]", "<<SYS>>", "<</SYS>>", "bos_token + '[INST]",
        "content.strip()", "' ' + eos_token", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<s>", "</s>",
        "<|begin_of_text|>", "{{", "}}", "{% for", "%}", "\u2581", "\n", " ", "a", "\uFFFF", "\uD83D\uDE00", "<0x41>"
    };

    private static final String[] CONTROLS = {
        "<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]",
        "[/SYSTEM_PROMPT]", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>"
    };

    private static final Scratch SCRATCH = new Scratch();

    @FuzzTest
    void what_a_user_says_never_becomes_a_control_token(byte[] bytes) {
        Choices choices = new Choices(bytes);
        Gguf file = file(text(choices, 8));
        try (file) {
            Tokenizer tokenizer = Tokenizer.of(file.metadata());
            List<ChatFormat> formats = new ArrayList<>();
            ChatFormat.of(file.metadata(), tokenizer).ifPresent(formats::add);
            ChatFormat.names().forEach(name -> formats.add(ChatFormat.named(name, tokenizer)));
            List<ChatMessage> messages = new ArrayList<>();
            List<ChatMessage> harmless = new ArrayList<>();
            for (int i = choices.below(6); i >= 0; i--) {
                String text = text(choices, 6);
                switch (choices.below(8)) {
                    case 0 -> {
                        messages.add(ChatMessage.system(text));
                        harmless.add(ChatMessage.system("x"));
                    }
                    case 1, 2, 3 -> {
                        messages.add(ChatMessage.assistant(text));
                        harmless.add(ChatMessage.assistant("x"));
                    }
                    default -> {
                        messages.add(ChatMessage.user(text));
                        harmless.add(ChatMessage.user("x"));
                    }
                }
            }
            String next = messages.getLast().text();
            for (ChatFormat format : formats) {
                Refusals.acceptsOrSaysWhatIsWrong(() -> {
                    int[] ids = format.conversation(messages);
                    compare(tokenizer, format, ids, format.conversation(harmless));
                });
                compare(tokenizer, format, format.nextTurn(next), format.nextTurn("x"));
            }
        }
    }

    private static void compare(Tokenizer tokenizer, ChatFormat format, int[] ids, int[] harmless) {
        List<Integer> controls = controls(tokenizer, ids);
        if (!controls.equals(controls(tokenizer, harmless))) {
            throw new AssertionError(format.name() + " writes the control tokens " + controls + " in "
                    + Arrays.toString(ids) + " and " + controls(tokenizer, harmless) + " around harmless texts");
        }
    }

    private static List<Integer> controls(Tokenizer tokenizer, int[] ids) {
        return IntStream.of(ids).filter(tokenizer::isControl).boxed().toList();
    }

    private static String text(Choices choices, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = choices.below(most + 1); i > 0; i--) {
            int which = choices.below(PARTS.length + 4);
            text.append(which < PARTS.length
                    ? PARTS[which]
                    : new String(
                            new byte[] {(byte) choices.below(256), (byte) choices.below(256)}, StandardCharsets.UTF_8));
        }
        return text.toString();
    }

    private static Gguf file(String template) {
        List<String> pieces = new ArrayList<>(List.of(CONTROLS));
        for (int value = 0; value < 256; value++) {
            pieces.add("<0x%02X>".formatted(value));
        }
        pieces.addAll(List.of("\u2581", "a", "[", "<", "|", "[I", "\u2581[", "<|"));
        long[] types = new long[pieces.size()];
        for (int id = 0; id < types.length; id++) {
            types[id] = id == 0 ? 2 : id < CONTROLS.length ? 3 : id < CONTROLS.length + 256 ? 6 : 1;
        }
        return Gguf.open(SCRATCH.write("chat.gguf", new PlausibleGguf()
                .text("tokenizer.ggml.model", "llama")
                .texts("tokenizer.ggml.tokens", pieces)
                .numbers("tokenizer.ggml.scores", PlausibleGguf.FLOAT32, new long[pieces.size()])
                .numbers("tokenizer.ggml.token_type", PlausibleGguf.INT32, types)
                .text("tokenizer.chat_template", template)
                .bytes()));
    }
}
