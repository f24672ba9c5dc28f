package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The statements in Java on the pages compile; complete programs belong to the conformance tests, which run them. */
class DocumentedProgramsTest {

    private static final String IMPORTS = """
            import com.openai.client.*;
            import com.openai.client.okhttp.*;
            import dev.langchain4j.model.chat.*;
            import dev.langchain4j.model.openai.*;
            import dev.sparsellm.langchain4j.*;
            import dev.sparsellm.runtime.*;
            import dev.sparsellm.runtime.sampling.*;
            import java.nio.file.Path;
            """;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/library.md", "docs/server.md"})
    void statements_compile(String page) throws IOException {
        List<String> blocks = Pattern.compile("(?s)```java\\n(.*?)```")
                .matcher(Documents.read(Documents.PROJECT.resolve(page)))
                .results()
                .map(block -> block.group(1))
                .toList();
        assertThat(blocks).isNotEmpty();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        // Where the path is in the manifest of one jar, Surefire says what it is.
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        for (String block : blocks) {
            Path source = Files.writeString(folder.resolve("Statements.java"),
                    IMPORTS + "class Statements { void run() throws Exception {\n" + block + "}}\n");
            StringWriter said = new StringWriter();
            boolean compiled;
            try (var files = compiler.getStandardFileManager(null, null, null)) {
                List<String> options = List.of("-proc:none", "-cp", path, "-d", folder.toString());
                compiled = compiler.getTask(said, files, null, options, null, files.getJavaFileObjects(source)).call();
            }
            assertThat(compiled).as(said.toString()).isTrue();
        }
    }
}
