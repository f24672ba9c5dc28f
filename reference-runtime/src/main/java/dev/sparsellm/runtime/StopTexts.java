package dev.sparsellm.runtime;

import java.util.List;

/** Finds the first of some texts in a stream, and holds back only what might be the beginning of one. */
final class StopTexts {

    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean found;

    StopTexts(List<String> stops) {
        this.stops = stops;
    }

    boolean found() {
        return found;
    }

    /** Takes more of the stream; returns what can be shown now. After a stop text nothing is shown. */
    String append(String text) {
        if (stops.isEmpty()) {
            return text;
        }
        if (found) {
            return "";
        }
        held.append(text);
        int first = -1;
        int keep = 0;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
            }
            keep = Math.max(keep, overlap(stop));
        }
        if (first >= 0) {
            found = true;
            String shown = held.substring(0, first);
            held.setLength(0);
            return shown;
        }
        String shown = held.substring(0, held.length() - keep);
        held.delete(0, held.length() - keep);
        return shown;
    }

    /** What was held back, once it is known that no more comes. */
    String flush() {
        String rest = found ? "" : held.toString();
        held.setLength(0);
        return rest;
    }

    /** The longest end of what is held that begins a stop text. */
    private int overlap(String stop) {
        for (int length = Math.min(stop.length() - 1, held.length()); length > 0; length--) {
            if (stop.startsWith(held.substring(held.length() - length))) {
                return length;
            }
        }
        return 0;
    }
}
