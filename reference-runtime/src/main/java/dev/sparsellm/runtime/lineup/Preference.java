package dev.sparsellm.runtime.lineup;

import dev.sparsellm.spi.SettingsException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A user's wish, such as {@code chess,dense} or {@code chess:method=cats:sparsity=0.7}: provider ids separated by commas,
 * {@code *} for all others by priority, each with settings of its own after colons, short for {@code id.key}.
 *
 * @param items in order; empty for the default order
 */
record Preference(List<Item> items) {

    /** Stands for all providers not named. */
    static final String OTHERS = "*";

    /** One provider, or {@link #OTHERS}. */
    record Item(String id, Map<String, String> settings) {}

    /** @throws SettingsException if the text has another form, saying which part */
    static Preference parse(String text) {
        List<Item> items = new ArrayList<>();
        for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
            String[] words = part.strip().split(":", -1);
            Map<String, String> settings = new TreeMap<>();
            for (int i = 1; i < words.length; i++) {
                int equals = words[i].indexOf('=');
                if (equals < 1) {
                    throw malformed(text, "'" + words[i] + "' is not key=value");
                }
                settings.put(words[0] + "." + words[i].substring(0, equals), words[i].substring(equals + 1));
            }
            if (words[0].isEmpty() || items.stream().anyMatch(item -> item.id.equals(words[0]))) {
                throw malformed(text, words[0].isEmpty() ? "an id is empty" : "'" + words[0] + "' is there twice");
            }
            items.add(new Item(words[0], settings));
        }
        return new Preference(List.copyOf(items));
    }

    private static SettingsException malformed(String text, String fault) {
        return new SettingsException("The provider preference '" + text + "' is not understood: " + fault
                + "; write ids separated by commas, such as chess,dense, and settings after colons,"
                + " such as chess:sparsity=0.7");
    }

    /** Whether the user named a provider, rather than getting it by default. */
    boolean names(String id) {
        return items.stream().anyMatch(item -> item.id.equals(id));
    }

    /** The order of ids, in the form {@link dev.sparsellm.spi.support.ProviderCatalog#order} reads. */
    String order() {
        return String.join(",", items.stream().map(Item::id).toList());
    }

    /** What the user set for one provider in this preference. */
    Map<String, String> settings(String id) {
        return items.stream().filter(item -> item.id.equals(id)).findFirst().map(Item::settings).orElse(Map.of());
    }
}
