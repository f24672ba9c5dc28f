package dev.sparsellm.runtime.report;

/** Text as part of a page. */
final class Html {

    private Html() {}

    /** Text that means itself, in elements and in attributes; characters that no page may hold become �. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                case '\n', '\t' -> escaped.appendCodePoint(c);
                default -> escaped.appendCodePoint(isAllowed(c) ? c : 0xFFFD);
            }
        });
        return escaped.toString();
    }

    private static boolean isAllowed(int c) {
        boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
        return !Character.isISOControl(c) && !surrogate && (c & 0xFFFE) != 0xFFFE;
    }

    /** JSON that cannot end the script element it stands in. */
    static String jsonInScript(String json) {
        return json.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e");
    }

    /** A table. */
    static final class Table {

        private final StringBuilder html = new StringBuilder("<div class=\"scroll\"><table>\n");

        /** Headings; all but the first stand over numbers. */
        Table head(String... cells) {
            html.append("<thead><tr>");
            for (int i = 0; i < cells.length; i++) {
                html.append(i == 0 ? "<th>" : "<th class=\"n\">").append(escape(cells[i])).append("</th>");
            }
            html.append("</tr></thead>\n");
            return this;
        }

        /** A name, numbers, and a remark behind them. */
        Table figure(String name, String remark, String... numbers) {
            row(name, "<td class=\"n\">", numbers);
            html.append("<td>").append(escape(remark)).append("</td></tr>\n");
            return this;
        }

        /** A name and text. */
        Table text(String name, String... cells) {
            row(name, "<td>", cells);
            html.append("</tr>\n");
            return this;
        }

        private void row(String name, String open, String... cells) {
            html.append("<tr><th>").append(escape(name)).append("</th>");
            for (String cell : cells) {
                html.append(open).append(escape(cell)).append("</td>");
            }
        }

        @Override
        public String toString() {
            return html + "</table></div>\n";
        }
    }
}
