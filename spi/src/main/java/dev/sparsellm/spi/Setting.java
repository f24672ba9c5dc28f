package dev.sparsellm.spi;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Something a user may tune about a provider.
 *
 * @param key the system property, such as {@code chess.sparsity}: dotted lower-case words; the first is the provider's id
 * @param type the values allowed
 * @param defaultValue the value where the user gives none; must be allowed, or empty for "not set"
 * @param description one line, for help
 */
public record Setting(String key, Type type, String defaultValue, String description) {

    private static final Pattern KEY = Pattern.compile("[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)+");

    public Setting {
        if (!KEY.matcher(key).matches()) {
            throw new IllegalArgumentException("A setting's key is dotted lower-case words, not '" + key + "'");
        }
        if (!defaultValue.isEmpty() && !type.allows(defaultValue)) {
            throw new IllegalArgumentException(
                    "The default of " + key + " is '" + defaultValue + "', allowed is " + type.allowed());
        }
    }

    /** What values a setting takes. */
    public sealed interface Type {

        /** Whether a value is allowed. */
        boolean allows(String value);

        /** The values allowed, in words. */
        String allowed();

        /** One of several words. */
        record Choice(List<String> values) implements Type {

            public Choice {
                values = List.copyOf(values);
            }

            @Override
            public boolean allows(String value) {
                return values.contains(value);
            }

            @Override
            public String allowed() {
                return "one of " + String.join(", ", values);
            }
        }

        /** {@code true} or {@code false}. */
        record Flag() implements Type {

            @Override
            public boolean allows(String value) {
                return value.equals("true") || value.equals("false");
            }

            @Override
            public String allowed() {
                return "true or false";
            }
        }

        /** A decimal number between two bounds, both included, or one of some words. */
        record Decimal(double min, double max, List<String> orWords) implements Type {

            public Decimal {
                orWords = List.copyOf(orWords);
            }

            @Override
            public boolean allows(String value) {
                if (orWords.contains(value)) {
                    return true;
                }
                try {
                    double number = Double.parseDouble(value);
                    return number >= min && number <= max;
                } catch (NumberFormatException notANumber) {
                    return false;
                }
            }

            @Override
            public String allowed() {
                String range = String.format(Locale.ROOT, "a number from %s to %s", min, max);
                return orWords.isEmpty() ? range : range + " or " + String.join(", ", orWords);
            }
        }

        /** The path of a file or folder. */
        record PathName() implements Type {

            @Override
            public boolean allows(String value) {
                try {
                    return !Path.of(value).toString().isEmpty();
                } catch (InvalidPathException notOfThisSystem) {
                    return false;
                }
            }

            @Override
            public String allowed() {
                return "a path";
            }
        }
    }
}
