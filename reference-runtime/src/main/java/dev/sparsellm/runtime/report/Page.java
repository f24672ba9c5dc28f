package dev.sparsellm.runtime.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One page that opens anywhere, offline: the library that draws its plots is part of it. */
final class Page {

    private static final Pattern PLACE = Pattern.compile("\\{\\{([a-zA-Z]+)}}");

    private Page() {}

    /**
     * Fills the template that all pages share, {@code page.html}, with places {@code {{name}}}.
     *
     * @param script a resource that draws
     * @param data what it draws
     * @param parts what goes where, escaped already
     */
    static String fill(String script, Map<String, Object> data, Map<String, String> parts) {
        Map<String, String> all = new HashMap<>(parts);
        all.put("style", resource("report.css"));
        all.put("data", Html.jsonInScript(json(data)));
        all.put("chartLicence", resource("chart.LICENSE.md").replace("--", "- -"));
        // The reference to its source map would be looked for beside the report.
        all.put("chart", resource("chart.umd.js").replaceAll("(?m)^//# sourceMappingURL=.*$", "")
                .replace("</script", "<\\/script"));
        all.put("script", resource("plots.js") + resource(script));
        // One pass: what is put in is not looked at again.
        return PLACE.matcher(resource("page.html"))
                .replaceAll(place -> Matcher.quoteReplacement(all.get(place.group(1))));
    }

    static String tile(String value, String what) {
        return "<div class=\"tile\"><b>" + Html.escape(value) + "</b><span>" + Html.escape(what) + "</span></div>\n";
    }

    static String plot(String id, String title, String caption) {
        return "<div class=\"card\"><h2>" + Html.escape(title) + "</h2><p class=\"sub\">" + Html.escape(caption)
                + "</p><div class=\"plot\"><canvas id=\"" + id + "\" role=\"img\" aria-label=\"" + Html.escape(title)
                + "\"></canvas></div></div>\n";
    }

    private static String json(Map<String, Object> figures) {
        try {
            return new ObjectMapper().writeValueAsString(figures);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("This build lacks its resource " + name + ": build it again");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
