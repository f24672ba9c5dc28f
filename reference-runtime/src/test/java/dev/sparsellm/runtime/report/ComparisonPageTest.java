package dev.sparsellm.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.compare.Comparison;
import dev.sparsellm.runtime.plugin.Plugins;
import dev.sparsellm.runtime.plugin.ThinningProvider;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.testing.SharedFiles;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ComparisonPageTest {

    private static final String PROMPT = "Once <script>alert(1)</script> & \"upon\" {{data}} </body> \u0007 a time";
    private static final Pattern SCRIPT = Pattern.compile("(<script[^>]*>)(.*?)(</script>)", Pattern.DOTALL);

    private static String page;
    private static List<String> scripts;
    private static Document document;

    @BeforeAll
    static void writePage(@TempDir Path folder) throws Exception {
        Path file = SharedFiles.require("models/stories260K.gguf");
        page = Plugins.with(ThinningProvider.class, folder, () -> {
            try (Model model = Model.load(file, ModelOptions.defaults().withThreads(1))) {
                String text = "A small dog ran over the hill and saw a cat. ".repeat(8);
                Windows windows = Windows.ofText(model.tokenizer(), text, 32, 2);
                return ComparisonPage.of(Comparison.of(
                        model,
                        "dense",
                        "thinning",
                        new Comparison.Request(PROMPT, 8, SamplingOptions.greedy(), 1, windows, "<i>a text</i>"),
                        ProgressSink.NONE));
            }
        });
        scripts = new ArrayList<>();
        Matcher matcher = SCRIPT.matcher(page);
        while (matcher.find()) {
            scripts.add(matcher.group(2));
        }
        document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(matcher.replaceAll("$1$3"))));
    }

    private static Element only(String name) {
        NodeList elements = document.getElementsByTagName(name);
        assertThat(elements.getLength()).as(name).isEqualTo(1);
        return (Element) elements.item(0);
    }

    @Test
    void isWellFormedAndHasItsOwnScriptsOnly() {
        // The figures, the library, and what calls it: nothing that a prompt brought in.
        assertThat(scripts).hasSize(3);
        assertThat(scripts.get(1)).contains("Chart.js v");
        assertThat(only("body").getElementsByTagName("canvas").getLength()).isEqualTo(3);
        assertThat(page).contains("Permission is hereby granted");
    }

    @Test
    void showsThePromptAsText() {
        assertThat(only("q").getTextContent()).isEqualTo(PROMPT.replace('\u0007', '\uFFFD'));
        assertThat(page).doesNotContain("<script>alert", "<i>a text");
    }

    @Test
    void loadsNothing() {
        NodeList all = document.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            Element element = (Element) all.item(i);
            assertThat(element.getTagName()).isNotIn("link", "img", "iframe", "object", "embed", "base", "form");
            for (String attribute : new String[] {"src", "href", "srcset", "data", "action", "background"}) {
                assertThat(element.hasAttribute(attribute)).as("%s of %s", attribute, element.getTagName()).isFalse();
            }
            for (int a = 0; a < element.getAttributes().getLength(); a++) {
                assertThat(element.getAttributes().item(a).getNodeName()).doesNotStartWith("on");
            }
        }
        assertThat(only("style").getTextContent()).doesNotContain("url(", "@import");
        assertThat(page).contains("default-src 'none'").doesNotContain("sourceMappingURL");
    }

    @Test
    void holdsTheFiguresOfJson() throws Exception {
        JsonNode json = new ObjectMapper().readTree(scripts.getFirst());
        assertThat(json.get("request").get("prompt").asText()).isEqualTo(PROMPT);
        assertThat(json.get("b").get("sparsity")).hasSize(5);
        assertThat(json.get("kl").get("positions")).hasSize(2 * 15);
    }

    @Test
    void jsonCannotEndItsScript() {
        assertThat(Html.jsonInScript("{\"a\":\"</script><!--&\"}")).doesNotContain("<", ">", "&");
    }

    @Test
    void textOfAnyKindIsEscaped() {
        assertThat(Html.escape("a<b>&\"'\n\u0000\u001B\uFFFF\uD800é🙂"))
                .isEqualTo("a&lt;b&gt;&amp;&quot;&#39;\n\uFFFD\uFFFD\uFFFD\uFFFDé🙂");
    }

    @Test
    void commonWordsEndBeforeTheFirstWordThatDiffers() {
        assertThat(CommonWords.length("a little girl", "a little boy")).isEqualTo(9);
        assertThat(CommonWords.length("a big dog", "a bigger dog")).isEqualTo(2);
        assertThat(CommonWords.length("same", "same")).isEqualTo(4);
        assertThat(CommonWords.length("a dog", "a dog ran")).isEqualTo(5);
        assertThat(CommonWords.length("x", "y")).isZero();
        assertThat(CommonWords.length("", "y")).isZero();
    }
}
