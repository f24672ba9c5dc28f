package dev.sparsellm.runtime.tokenizer;

import dev.sparsellm.kernels.gguf.GgufException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a byte-level tokenizer cuts a text into words before it merges within each: the values of
 * {@code tokenizer.ggml.pre}, with the regular expressions of the models' own {@code tokenizer.json} (for Llama 3, of
 * its {@code tokenizer.py}). Several expressions are applied one after the other, each to the words the ones before
 * made; what an expression does not match stays a word.
 *
 * <p>{@code \s} has to mean every blank of Unicode, as it does in tiktoken, hence {@code UNICODE_CHARACTER_CLASS}:
 * without it Java's means ASCII's only, and a no-break space ends up in a word of punctuation. For the same reason
 * {@code (?i:'s)} matches every letter that is an s without regard to case; that includes the long s, which llama.cpp
 * leaves out.
 */
enum PreTokenizer {

    LLAMA3(true, true, List.of("llama-bpe", "llama3", "llama-v3", "falcon3"), Regex.llama3("{1,3}")),

    TEKKEN(true, true, List.of("tekken"),
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
                    + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
                    + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),

    GPT2(false, false, List.of("gpt-2", "phi-2", "mpt", "olmo", "jais", "roberta-bpe"), Regex.GPT2),

    /** As GPT-2, digits one by one. */
    STARCODER(false, false,
            List.of("starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b"),
            "\\p{N}", Regex.GPT2),

    QWEN2(false, false, List.of("qwen2", "stablelm2", "deepseek-r1-qwen", "megrez"), Regex.llama3("")),

    /** Llama 3's words without its other habits. */
    DBRX(false, false, List.of("dbrx", "smaug-bpe", "chatglm-bpe"), Regex.llama3("{1,3}")),

    FALCON(false, false, List.of("falcon"), "[\\p{P}$+<=>^~|`]+", Regex.GPT2, "[0-9][0-9][0-9]"),

    DEEPSEEK_LLM(false, false, List.of("deepseek-llm"),
            "[\\r\\n]", "\\s?" + Regex.CASED + "+",
            "\\s?[!-/:-~\\uFF01-\\uFF0F\\uFF1A-\\uFF5E\\u2018-\\u201F\\u3000-\\u3002]+",
            "\\s+\\z", Regex.CJK, "\\p{N}+"),

    DEEPSEEK_CODER(false, false, List.of("deepseek-coder"),
            "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", Regex.CJK, "\\p{N}"),

    DEEPSEEK_V3(false, false, List.of("deepseek-v3"),
            "\\p{N}{1,3}", "[\\u4E00-\\u9FA5\\u3040-\\u309F\\u30A0-\\u30FF]+",
            "[!-/:-@\\[-`{-~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),

    /** What llama.cpp does with a file that names none. */
    DEFAULT(false, false, List.of("default"), "[\\p{P}$+<=>^~|]+", Regex.GPT2, "\\p{N}+", "[0-9][0-9][0-9]");

    private final boolean addBos;
    private final boolean ignoreMerges;
    private final List<String> names;
    private final Pattern[] patterns;

    PreTokenizer(boolean addBos, boolean ignoreMerges, List<String> names, String... regexes) {
        this.addBos = addBos;
        this.ignoreMerges = ignoreMerges;
        this.names = names;
        patterns = Stream.of(regexes)
                .map(regex -> Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS))
                .toArray(Pattern[]::new);
    }

    /** @throws GgufException if the name is of no pre-tokenizer known here */
    static PreTokenizer named(String name) {
        return Arrays.stream(values()).filter(p -> p.names.contains(name)).findFirst()
                .orElseThrow(() -> new GgufException("tokenizer.ggml.pre is '" + name
                        + "', a pre-tokenizer that is not supported here. Supported are: "
                        + Arrays.stream(values()).flatMap(p -> p.names.stream()).collect(Collectors.joining(", "))));
    }

    /** Whether texts begin with the begin-of-sequence token unless the file says otherwise. */
    boolean addBos() {
        return addBos;
    }

    /** Whether a word that is a token stays one, even where the merges would not arrive at it. */
    boolean ignoreMerges() {
        return ignoreMerges;
    }

    /** Cuts a text into words and returns where each ends, in characters. */
    IntList split(String text) {
        IntList ends = new IntList(16);
        if (!text.isEmpty()) {
            ends.add(text.length());
        }
        for (Pattern pattern : patterns) {
            ends = split(text, ends, pattern.matcher(text));
        }
        return ends;
    }

    private static IntList split(String text, IntList words, Matcher matcher) {
        IntList ends = new IntList(Math.max(words.size(), text.length() / 4));
        int start = 0;
        for (int word = 0; word < words.size(); word++) {
            int end = words.get(word);
            int done = start;
            matcher.region(start, end); // a look-ahead does not see beyond it
            while (matcher.find()) {
                if (matcher.start() > done) {
                    ends.add(matcher.start());
                }
                done = matcher.end();
                ends.add(done);
            }
            if (done < end) {
                ends.add(end);
            }
            start = end;
        }
        return ends;
    }

    /** Parts that several share. An own class, since an enum's constants cannot use its static fields. */
    private static final class Regex {

        static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

        static final String CJK = "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+";

        /** Letters of alphabets that have upper and lower case, as DeepSeek lists them. */
        static final String CASED = "[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293"
                + "\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1"
                + "\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd"
                + "\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d"
                + "\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc"
                + "\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc"
                + "\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139"
                + "\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3"
                + "\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06"
                + "\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\\x{10400}-\\x{1044f}\\x{104b0}-\\x{104d3}"
                + "\\x{104d8}-\\x{104fb}\\x{10c80}-\\x{10cb2}\\x{10cc0}-\\x{10cf2}\\x{118a0}-\\x{118df}"
                + "\\x{1e900}-\\x{1e943}]";

        private Regex() {}

        static String llama3(String digits) {
            return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + digits
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        }
    }
}
