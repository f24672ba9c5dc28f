package dev.sparsellm.spi;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Checked values for a provider's {@link Setting}s. Immutable. */
public final class Settings {

    private final Map<String, Setting> declared = new TreeMap<>();
    private final Map<String, String> given = new TreeMap<>();

    /**
     * Checks values against declarations.
     *
     * @param declared the provider's settings
     * @param values given by the user, by key
     * @throws SettingsException for a key not declared or a value not allowed, naming the key, the value and what is
     *     allowed
     */
    public Settings(Collection<Setting> declared, Map<String, String> values) {
        declared.forEach(setting -> this.declared.put(setting.key(), setting));
        values.forEach((key, value) -> {
            Setting setting = this.declared.get(key);
            if (setting == null) {
                throw new SettingsException("Unknown setting " + key + "; known are "
                        + (this.declared.isEmpty() ? "none" : String.join(", ", this.declared.keySet())));
            }
            if (!setting.type().allows(value)) {
                throw new SettingsException(
                        key + " is '" + value + "', which is not allowed: give " + setting.type().allowed());
            }
            given.put(key, value);
        });
    }

    /** All defaults. */
    public static Settings defaults(Collection<Setting> declared) {
        return new Settings(declared, Map.of());
    }

    /** The declarations, by key. */
    public List<Setting> declared() {
        return List.copyOf(declared.values());
    }

    /** Whether the user gave a value. */
    public boolean isGiven(String key) {
        return given.containsKey(key);
    }

    /** The value given, or the default; empty where neither is. */
    public Optional<String> find(String key) {
        Setting setting = declared.get(key);
        if (setting == null) {
            throw new IllegalArgumentException("The provider has not declared a setting " + key);
        }
        String value = given.getOrDefault(key, setting.defaultValue());
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }

    /**
     * The value given, or the default.
     *
     * @throws IllegalArgumentException where neither is: a mistake of the provider
     */
    public String text(String key) {
        return find(key).orElseThrow(() -> new IllegalArgumentException("The setting " + key + " has no value"));
    }

    /** A {@link Setting.Type.Flag}. */
    public boolean flag(String key) {
        return Boolean.parseBoolean(text(key));
    }

    /** A {@link Setting.Type.Decimal} that is a number. */
    public double decimal(String key) {
        return Double.parseDouble(text(key));
    }

    /** A {@link Setting.Type.PathName}, where one is set. */
    public Optional<Path> path(String key) {
        return find(key).map(Path::of);
    }

    /** The values in force, by key: what was given, and defaults for the rest. */
    public Map<String, String> inForce() {
        Map<String, String> values = new TreeMap<>();
        declared.keySet().forEach(key -> find(key).ifPresent(value -> values.put(key, value)));
        return values;
    }

    @Override
    public String toString() {
        return inForce().toString();
    }
}
