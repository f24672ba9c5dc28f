package dev.sparsellm.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    private static final List<Setting> DECLARED = List.of(
            new Setting("demo.level", new Setting.Type.Decimal(0, 0.95, List.of("auto")), "0.5", "how much"),
            new Setting("demo.mode", new Setting.Type.Choice(List.of("slow", "fast")), "fast", "how"),
            new Setting("demo.on", new Setting.Type.Flag(), "true", "whether"),
            new Setting("demo.file", new Setting.Type.PathName(), "", "where"));

    @Test
    void defaultsAreInForceWhereNothingIsGiven() {
        Settings settings = Settings.defaults(DECLARED);
        assertThat(settings.decimal("demo.level")).isEqualTo(0.5);
        assertThat(settings.text("demo.mode")).isEqualTo("fast");
        assertThat(settings.flag("demo.on")).isTrue();
        assertThat(settings.path("demo.file")).isEmpty();
        assertThat(settings.isGiven("demo.level")).isFalse();
    }

    @Test
    void givenValuesReplaceDefaults() {
        Settings settings = new Settings(DECLARED, Map.of("demo.level", "auto", "demo.on", "false"));
        assertThat(settings.text("demo.level")).isEqualTo("auto");
        assertThat(settings.flag("demo.on")).isFalse();
        assertThat(settings.isGiven("demo.on")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "demo.level, 0.96, 0.0 to 0.95 or auto",
        "demo.level, -1, 0.0 to 0.95 or auto",
        "demo.level, NaN, 0.0 to 0.95 or auto",
        "demo.level, much, 0.0 to 0.95 or auto",
        "demo.mode, medium, 'one of slow, fast'",
        "demo.on, yes, true or false"
    })
    void aValueNotAllowedIsRefusedNamingKeyValueAndWhatIs(String key, String value, String allowed) {
        assertThatThrownBy(() -> new Settings(DECLARED, Map.of(key, value)))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll(key, "'" + value + "'", allowed);
    }

    @Test
    void anUnknownKeyIsRefusedListingTheKnown() {
        assertThatThrownBy(() -> new Settings(DECLARED, Map.of("demo.levle", "0.5")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll("demo.levle", "demo.file, demo.level, demo.mode, demo.on");
    }

    @Test
    void aDefaultMustBeAllowed() {
        assertThatThrownBy(() -> new Setting("demo.level", new Setting.Type.Decimal(0, 1, List.of()), "2", ""))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
