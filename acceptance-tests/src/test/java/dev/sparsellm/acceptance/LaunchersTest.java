package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Who starts the JVM, sh, Windows or JBang, starts it in the same way, but for one option. That for sh is run; the others are read. */
@DisabledOnOs(OS.WINDOWS)
class LaunchersTest {

    private static final List<String> COMMAND = List.of("generate", "--prompt", "a  b", "-n", "1");

    /** A diagnostic option, which another JDK may not know and then would not start: the others cannot tell which one they start. */
    private static final List<String> OF_JDK_25 =
            List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:SuperWordAutomaticAlignment=0");

    @TempDir
    private Path folder;

    private final String windows = Documents.read(Documents.PROJECT.resolve("dist/src/main/bin/sparsellm.cmd"));

    /** A distribution, and in the place of java something that notes down its arguments. */
    @BeforeEach
    void makeFolders() throws IOException {
        Files.createDirectories(folder.resolve("bin"));
        Files.createDirectories(folder.resolve("lib"));
        Files.createDirectories(folder.resolve("plugins"));
        Files.createDirectories(folder.resolve("jdk/bin"));
        Files.createFile(folder.resolve("plugins/any.jar"));
        Files.copy(Documents.PROJECT.resolve("sparsellm"), folder.resolve("bin/sparsellm"));
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
        Path java = Files.writeString(folder.resolve("jdk/bin/java"), "#!/bin/sh\nprintf '%s\\0' \"$@\"\nexit 7\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
    }

    /** What the launcher for sh hands to java, without {@link #OF_JDK_25}. */
    private List<String> sh(String options) throws Exception {
        return shAll(options).stream().filter(word -> !OF_JDK_25.contains(word)).toList();
    }

    private List<String> shAll(String options) throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", folder.resolve("bin/sparsellm").toString()));
        command.addAll(COMMAND);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("SPARSELLM_JAVA", folder.resolve("jdk").toString());
        builder.environment().put("SPARSELLM_JAVA_OPTS", options);
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String out = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as("the exit code is java's").isEqualTo(7);
        return List.of(out.split("\0"));
    }

    /** What that for Windows would, by its assignments that depend on nothing. */
    private List<String> cmd(String options, String heap) {
        String java = "\"%SPARSELLM_JAVA_COMMAND%\" ";
        String line = windows.lines().filter(text -> text.startsWith(java)).findFirst().orElseThrow();
        line = line.substring(line.indexOf(' ') + 1)
                .replace("%SPARSELLM_HEAP%", heap)
                .replace("%SPARSELLM_JAVA_OPTS%", options)
                .replace("%SPARSELLM_HOME%", folder.toString())
                .replace('\\', '/');
        List<String> words = new ArrayList<>(Documents.words(line));
        assertThat(words.removeLast()).isEqualTo("%*");
        words.addAll(COMMAND);
        return words;
    }

    private String heap() {
        Matcher set = Pattern.compile("(?m)^set \"SPARSELLM_HEAP=(.+)\"\r?$").matcher(windows);
        assertThat(set.find()).isTrue();
        return set.group(1);
    }

    private static List<String> comparable(List<String> words) {
        return words.stream().map(word -> word.replace(";", ":").replace("any.jar", "*")).toList();
    }

    @Test
    void windows_gets_the_same_jvm_options_class_path_and_arguments() throws Exception {
        assertThat(comparable(cmd("-Xmx1g -Da=b", heap()))).isEqualTo(comparable(sh("-Xmx1g -Da=b")));
    }

    @Test
    void a_collector_of_the_user_takes_the_place_of_ours_and_of_its_heap() throws Exception {
        assertThat(comparable(cmd("-XX:+UseG1GC", ""))).isEqualTo(comparable(sh("-XX:+UseG1GC")));
        assertThat(windows).contains("findstr /r /c:\"-XX:+Use.*GC\" >nul && set \"SPARSELLM_HEAP=\"\r\n");
    }

    @Test
    void diagnostic_options_go_to_the_jdk_that_they_were_tried_on_and_to_no_other() throws Exception {
        assertThat(shAll("")).containsSubsequence(OF_JDK_25);
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"26\"\n");
        assertThat(shAll("")).doesNotContainAnyElementsOf(OF_JDK_25);
    }

    @Test
    void the_file_for_windows_has_its_line_ends_and_hands_on_the_exit_code() {
        assertThat(windows.lines().count()).isEqualTo(windows.chars().filter(c -> c == '\r').count());
        assertThat(windows).endsWith(" %*\r\nexit /b %ERRORLEVEL%\r\n");
    }

    @Test
    void jbang_gets_the_same_jvm_options() throws Exception {
        List<String> options = new ArrayList<>();
        JsonNode catalogue = new ObjectMapper().readTree(Documents.PROJECT.resolve("jbang-catalog.json").toFile());
        for (JsonNode option : catalogue.at("/aliases/sparsellm/runtime-options")) {
            options.addAll(List.of(option.asText().replaceFirst("^(--add-modules)=", "$1 ").split(" ")));
        }
        List<String> sh = sh("");
        assertThat(options).isEqualTo(sh.subList(0, sh.indexOf("-cp")));
    }
}
