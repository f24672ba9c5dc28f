package dev.sparsellm.runtime.lineup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.SettingsException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PreferenceTest {

    @Test
    void nothingMeansTheDefaultOrder() {
        assertThat(Preference.parse("").order()).isEmpty();
        assertThat(Preference.parse(" ").items()).isEmpty();
    }

    @Test
    void idsKeepTheirOrderAndTheirSettings() {
        Preference preference = Preference.parse("chess:method=cats:sparsity=0.7, dense,*");
        assertThat(preference.order()).isEqualTo("chess,dense,*");
        assertThat(preference.settings("chess")).isEqualTo(Map.of("chess.method", "cats", "chess.sparsity", "0.7"));
        assertThat(preference.settings("dense")).isEmpty();
        assertThat(preference.names("dense")).isTrue();
        assertThat(preference.names("other")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"chess,", ",chess", "chess,chess", "chess:sparsity", "chess:=1"})
    void anythingElseIsRefusedWithAnExample(String text) {
        assertThatThrownBy(() -> Preference.parse(text))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("such as chess,dense");
    }
}
