package dev.sparsellm.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Settings;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProviderCatalogTest {

    @TempDir
    Path folder;

    @Test
    void oneBrokenEntryDoesNotHideTheOthers() throws IOException {
        ProviderCatalog catalog = discover(
                First.class.getName(),
                FailsInConstructor.class.getName(),
                "dev.sparsellm.NoSuchProvider",
                FailsWhenLinked.class.getName(),
                OtherLevel.class.getName(),
                BadId.class.getName(),
                Second.class.getName());
        assertThat(ids(catalog.providers())).containsExactly("second", "first");
        assertThat(catalog.broken()).hasSize(5);
        assertThat(String.join("\n", catalog.broken()))
                .contains("constructor failed", "dev.sparsellm.NoSuchProvider", "no such library", "'Bad Id'")
                .contains("API level " + (ApiLevel.CURRENT + 1), "serves level " + ApiLevel.CURRENT);
    }

    @Test
    void twoProvidersWithOneIdAreAnErrorThatNamesBothPlaces() {
        assertThatThrownBy(() -> ProviderCatalog.of(List.of(new First(), new AlsoFirst())))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("'first'")
                .hasMessageMatching(".*test-classes.*test-classes.*");
    }

    @Test
    void aPreferenceOrdersProviders() {
        ProviderCatalog catalog = ProviderCatalog.of(List.of(new First(), new Second(), new Third()));
        assertThat(ids(catalog.order(""))).containsExactly("second", "first", "third");
        assertThat(ids(catalog.order("third,*"))).containsExactly("third", "second", "first");
        assertThat(ids(catalog.order("*,second"))).containsExactly("first", "third", "second");
        assertThat(ids(catalog.order(" third , first "))).containsExactly("third", "first");
    }

    @Test
    void anUnknownIdIsAnErrorThatListsThoseFound() {
        ProviderCatalog catalog = ProviderCatalog.of(List.of(new First(), new Second()));
        assertThatThrownBy(() -> catalog.order("chess,*"))
                .isInstanceOf(ProviderException.class)
                .hasMessageContainingAll("'chess'", "first, second");
    }

    private ProviderCatalog discover(String... classNames) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.write(services.resolve(OperatorProvider.class.getName()), List.of(classNames));
        URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader());
        try (loader) {
            return ProviderCatalog.discover(loader);
        }
    }

    private static List<String> ids(List<ProviderCatalog.Found> found) {
        return found.stream().map(f -> f.provider().id()).toList();
    }

    /** Plans nothing, so that it need not prepare anything. */
    private abstract static class Idle implements OperatorProvider {

        @Override
        public int apiLevel() {
            return ApiLevel.CURRENT;
        }

        @Override
        public Plan plan(ModelDescription model, Settings settings) {
            return Plan.of(Map.of());
        }

        @Override
        public PreparedOperators prepare(
                ModelDescription model, Settings settings, Plan plan, HostServices host) {
            throw new ProviderException("There is nothing to prepare");
        }
    }

    public static class First extends Idle {
        @Override
        public String id() {
            return "first";
        }
    }

    public static final class AlsoFirst extends First {}

    public static final class Second extends Idle {
        @Override
        public String id() {
            return "second";
        }

        @Override
        public int priority() {
            return 5;
        }
    }

    public static final class Third extends Idle {
        @Override
        public String id() {
            return "third";
        }
    }

    public static final class BadId extends Idle {
        @Override
        public String id() {
            return "Bad Id";
        }
    }

    public static final class OtherLevel extends Idle {
        @Override
        public String id() {
            return "other-level";
        }

        @Override
        public int apiLevel() {
            return ApiLevel.CURRENT + 1;
        }
    }

    public static final class FailsInConstructor extends Idle {

        public FailsInConstructor() {
            throw new IllegalStateException("constructor failed");
        }

        @Override
        public String id() {
            return "fails-in-constructor";
        }
    }

    public static final class FailsWhenLinked extends Idle {

        static {
            if (true) {
                throw new NoClassDefFoundError("no such library");
            }
        }

        @Override
        public String id() {
            return "fails-when-linked";
        }
    }
}
