package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sparsellm.conformance.Hosting.Heard;
import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SettingsException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whom a host lets serve, and what it tells the user. */
final class ChoiceRules {

    private final Hosting hosting;

    ChoiceRules(Hosting hosting) {
        this.hosting = hosting;
    }

    /** Opens, runs a text, and closes. */
    private float[] run(Heard heard, List<String> named, OperatorProvider... providers) {
        try (HostedModel model = hosting.open(heard, Map.of(), 2, named, providers)) {
            return hosting.text(model);
        }
    }

    private <T extends Throwable> T failure(Class<T> type, List<String> named, OperatorProvider... providers) {
        return assertThrows(
                type, () -> run(new Heard(), named, providers),
                () -> "Opening with the providers " + named + " must fail");
    }

    private static void names(Throwable e, String... words) {
        for (String word : words) {
            assertTrue(String.valueOf(e.getMessage()).contains(word),
                    () -> "The message '" + e.getMessage() + "' does not say '" + word + "'");
        }
    }

    void brokenEntries() {
        Probe old = new Probe("old", key -> true) {
            @Override
            public int apiLevel() {
                return 0;
            }
        };
        Probe good = Probe.ofAll("good");
        Heard heard = new Heard();
        run(heard, List.of(), old, good);
        assertTrue(heard.mentions("API level 0"),
                () -> "An entry of ProviderCatalog.broken() is not among the notices: " + heard.notices());
        assertFalse(good.calls().isEmpty(), "A broken provider keeps another from serving");
    }

    private static Probe refusing() {
        return new Probe("refuser", key -> key.kind() == OperatorKind.FEED_FORWARD) {
            @Override
            Decision decide(OperatorKey key) {
                return new Decision.Refused("the moon is full", "wait");
            }
        };
    }

    void refusalOfOneFound() {
        Heard heard = new Heard();
        float[] logits = run(heard, List.of(), refusing());
        assertEquals(1, heard.notices().stream().filter(notice -> notice.contains("the moon is full")).count(),
                () -> "A refusal by a provider that was merely found costs one notice, heard were " + heard.notices());
        assertArrayEquals(hosting.dense(), logits, "What is refused must run dense");
    }

    void refusalOfOneNamed() {
        names(failure(ProviderException.class, List.of("refuser"), refusing()), "refuser", "the moon is full");
    }

    void unknownName() {
        names(failure(ProviderException.class, List.of("nobody"), Probe.ofAll("somebody")), "nobody", "somebody");
    }

    void unusable() {
        Probe probe = new Probe("unusable", key -> true) {
            @Override
            public Availability availability() {
                return new Availability.Unusable("there is no antenna", "buy one");
            }
        };
        Heard heard = new Heard();
        run(heard, List.of(), probe);
        assertTrue(heard.mentions("there is no antenna"), () -> "Why it is unusable is not said: " + heard.notices());
        names(failure(ProviderException.class, List.of("unusable"), probe), "unusable", "there is no antenna");
        assertTrue(probe.events.isEmpty(), () -> "A provider that is unusable was asked to " + probe.happened());
    }

    void wrongSettings() {
        for (Map.Entry<String, String> wrong :
                Map.of("probe.level", "2", "probe.nonsense", "1").entrySet()) {
            Probe probe = Probe.ofAll("probe");
            SettingsException e = assertThrows(SettingsException.class,
                    () -> {
                        try (HostedModel model = hosting.open(
                                new Heard(), Map.ofEntries(wrong), 2, List.of("probe"), probe)) {
                            hosting.text(model);
                        }
                    },
                    () -> "The setting " + wrong + " must be an error");
            names(e, wrong.getKey());
            assertTrue(probe.events.isEmpty(), "Settings are to be checked before the provider sees them");
        }
    }

    void settingsArrive() {
        Probe probe = Probe.ofAll("probe");
        Probe other = new Probe("other", key -> true);
        try (HostedModel model = hosting.open(
                new Heard(), Map.of("probe.level", "0.25"), 2, List.of("probe", "other"), probe, other)) {
            hosting.text(model);
        }
        assertEquals("0.25", probe.settings.text("probe.level"), "The value a user gave does not arrive");
        assertEquals("0.5", other.settings.text("other.level"), "A value for one provider arrives at another");
    }

    void failureToPrepare() {
        Heard heard = new Heard();
        float[] logits = run(heard, List.of(), failing());
        assertTrue(heard.mentions("out of luck"),
                () -> "Why a provider could not prepare is not among the notices: " + heard.notices());
        assertArrayEquals(hosting.dense(), logits, "Where a provider could not prepare, the model must run dense");
        names(failure(ProviderException.class, List.of("failing"), failing()), "out of luck");
    }

    private static Probe failing() {
        return new Probe("failing", key -> key.kind() == OperatorKind.FEED_FORWARD) {
            @Override
            Optional<String> failToPrepare() {
                return Optional.of("out of luck");
            }
        };
    }

    void order() {
        Probe first = new Probe("preferred", key -> key.kind() == OperatorKind.FEED_FORWARD) {
            @Override
            public int priority() {
                return 5;
            }
        };
        Probe second = Probe.ofAll("common");
        run(new Heard(), List.of(), second, first);
        assertTrue(first.calls().stream().anyMatch(call -> call.key().kind() == OperatorKind.FEED_FORWARD),
                "The provider of the larger priority does not serve what it takes");
        assertTrue(second.prepared != null && !second.prepared.takes(new OperatorKey(OperatorKind.FEED_FORWARD, 0)),
                "A provider prepares operators that another one serves");
        assertTrue(second.calls().stream().noneMatch(call -> call.key().kind() == OperatorKind.FEED_FORWARD)
                        && !second.calls().isEmpty(),
                "What the first provider leaves, the next one serves, and nothing else");
        Probe last = new Probe("preferred", key -> key.kind() == OperatorKind.FEED_FORWARD);
        Probe preferred = Probe.ofAll("common");
        run(new Heard(), List.of("common", "preferred"), last, preferred);
        assertTrue(last.calls().isEmpty() && !preferred.calls().isEmpty(),
                "The order in which a user names providers is not kept");
    }

    void onlyWhenNamed() {
        Probe probe = new Probe("shy", key -> key.kind() == OperatorKind.FEED_FORWARD) {
            @Override
            public int priority() {
                return -1;
            }
        };
        run(new Heard(), List.of(), probe);
        assertTrue(probe.calls().isEmpty(), "A provider of negative priority serves although nobody named it");
        run(new Heard(), List.of("shy"), probe);
        assertFalse(probe.calls().isEmpty(), "A provider of negative priority does not serve when named");
    }
}
