package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class PropertyArgumentsTest {

    private final Properties properties = new Properties();

    @Test
    void propertiesAnywhereOnTheLineAreMovedAndTheOthersKeepTheirOrder() {
        String[] line = {"generate", "-Dchess.sparsity=0.7", "-p", "a  b\n*", "-Dsparsellm.cache=a=b c"};
        assertThat(PropertyArguments.moveTo(properties, line)).containsExactly("generate", "-p", "a  b\n*");
        assertThat(properties).isEqualTo(Map.of("chess.sparsity", "0.7", "sparsellm.cache", "a=b c"));
    }

    @Test
    void whatIsNoPropertyOrStandsBehindTwoDashesStays() {
        String[] arguments = {"-D", "-Dx", "-D1=2", "-Da b=c", "--", "-Dchess.sparsity=0.7"};
        assertThat(PropertyArguments.moveTo(properties, arguments)).containsExactly(arguments);
        assertThat(properties).isEmpty();
    }
}
