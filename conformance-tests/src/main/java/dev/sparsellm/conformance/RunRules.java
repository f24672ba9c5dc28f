package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sparsellm.conformance.Hosting.Heard;
import dev.sparsellm.conformance.Probe.Event;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** How a host calls operators. */
final class RunRules {

    private final Hosting hosting;

    RunRules(Hosting hosting) {
        this.hosting = hosting;
    }

    private float[] run(Probe probe) {
        try (HostedModel model = hosting.open(probe)) {
            return hosting.text(model);
        }
    }

    /** Query, key and value in any order; everything else as it follows from the data. */
    void order() {
        Probe probe = Probe.ofAll("probe");
        run(probe);
        int stage = -1;
        Pass pass = null;
        for (Event call : probe.calls()) {
            int now = stage(call.key(), probe.model.shape().layers());
            boolean newPass = now < stage || pass == null;
            if (newPass) {
                assertTrue(stage(call.key(), 0) == 0 && call.key().layer() == 0,
                        () -> "A pass begins with " + call.key());
            } else if (call.key().kind() != OperatorKind.OUTPUT) {
                Pass before = pass;
                assertEquals(before, call.pass(), () -> "pass of " + call.key());
            }
            pass = newPass ? call.pass() : pass;
            stage = now;
        }
        for (OperatorKey key : probe.prepared.taken()) {
            assertTrue(probe.calls().stream().anyMatch(call -> call.key().equals(key)), () -> key + " is never called");
        }
    }

    private static int stage(OperatorKey key, int layers) {
        return switch (key.kind()) {
            case ATTENTION_QUERY, ATTENTION_KEY, ATTENTION_VALUE -> 3 * Math.max(0, key.layer());
            case ATTENTION_OUTPUT -> 3 * key.layer() + 1;
            case FEED_FORWARD, ACTIVATION -> 3 * key.layer() + 2;
            case OUTPUT -> 3 * layers;
        };
    }

    /** As the first query projection sees them. */
    void passes() {
        Probe probe = Probe.ofAll("probe");
        run(probe);
        int position = 0;
        for (Event call : probe.calls()) {
            if (!call.key().equals(new OperatorKey(OperatorKind.ATTENTION_QUERY, 0))) {
                continue;
            }
            Pass pass = call.pass();
            assertEquals(position, pass.position(), "first position of a pass");
            Phase expected = position < hosting.prompt() ? Phase.PREFILL : Phase.DECODE;
            int from = position;
            assertEquals(expected, pass.phase(), () -> "phase of the pass at position " + from + ", where "
                    + hosting.prompt() + " ids are a prompt");
            assertTrue(pass.phase() == Phase.PREFILL || pass.batch() == 1, "What is written is one id at a time");
            position += pass.batch();
        }
        assertEquals(hosting.ids().length, position, "positions read and written");
    }

    void arraysAndBatches() {
        Probe probe = Probe.ofAll("probe");
        run(probe);
        assertTrue(probe.faults.stream().allMatch(fault -> fault.contains("two threads")), probe.faults::toString);
    }

    void oneThreadAtATime() {
        Probe probe = Probe.ofAll("probe");
        run(probe);
        assertTrue(probe.faults.stream().noneMatch(fault -> fault.contains("two threads")), probe.faults::toString);
    }

    void delegationIsDense() {
        assertArrayEquals(hosting.dense(), run(Probe.ofAll("probe")),
                "Operators that delegate to the host's dense ones give other logits than no provider at all");
    }

    void resultsAreUsed() {
        float[] dense = hosting.dense();
        for (OperatorKind kind : OperatorKind.values()) {
            Probe probe = new Probe("probe", key -> key.kind() == kind) {
                @Override
                void after(OperatorKey key, Pass pass, float[] y, int outputs) {
                    for (int i = 0; i < pass.batch() * outputs; i++) {
                        y[i] *= 1.5f;
                    }
                }
            };
            assertTrue(kind == OperatorKind.ACTIVATION || !Arrays.equals(dense, run(probe)),
                    () -> "What a provider computes for " + kind + " does not matter to the logits");
            Set<OperatorKind> called =
                    probe.calls().stream().map(call -> call.key().kind()).collect(Collectors.toSet());
            assertTrue(kind == OperatorKind.ACTIVATION || called.equals(Set.of(kind)),
                    () -> "Of a provider that takes " + kind + " alone, operators called are of " + called);
        }
    }

    void activations() {
        Probe alone = new Probe("probe", key -> key.kind() == OperatorKind.ACTIVATION);
        float[] logits = run(alone);
        assertFalse(alone.calls().isEmpty(), "An activation is taken, and never called");
        float[] dense = hosting.dense();
        double error = 0;
        double size = 0;
        for (int i = 0; i < dense.length; i++) {
            error += Math.pow(logits[i] - dense[i], 2);
            size += Math.pow(dense[i], 2);
        }
        assertTrue(error <= 1e-8 * size, "With the model's own activation, taken by a provider, the logits are others");
        Probe both = new Probe("probe", key -> key.kind() == OperatorKind.ACTIVATION
                || key.kind() == OperatorKind.FEED_FORWARD);
        run(both);
        assertTrue(both.calls().stream().noneMatch(call -> call.key().kind() == OperatorKind.ACTIVATION),
                "An activation is called although the whole feed-forward block is taken");
    }

    void sessionsAreApart() {
        float[] alone = run(Probe.ofAll("probe"));
        Probe probe = Probe.ofAll("probe");
        try (HostedModel model = hosting.open(probe);
                HostedSession one = model.newSession();
                HostedSession two = model.newSession()) {
            one.read(hosting.ids()[1]);
            float[] ofTwo = hosting.text(two);
            one.write(hosting.ids()[0]);
            assertArrayEquals(alone, ofTwo, "A session gives other logits when another one is open");
            Set<Integer> numbers =
                    probe.calls().stream().map(Event::session).collect(Collectors.toCollection(LinkedHashSet::new));
            assertEquals(2, numbers.size(), "sessions of the provider used by two sessions of the host");
        }
    }

    void exceptionsArrive() {
        Probe probe = new Probe("probe", key -> key.kind() == OperatorKind.FEED_FORWARD) {
            @Override
            void after(OperatorKey key, Pass pass, float[] y, int outputs) {
                if (pass.phase() == Phase.DECODE) {
                    throw new IllegalStateException("out of paper");
                }
            }
        };
        try (HostedModel model = hosting.open(probe)) {
            try (HostedSession session = model.newSession()) {
                session.read(hosting.ids());
                RuntimeException e = assertThrows(RuntimeException.class, () -> session.write(hosting.ids()[0]),
                        "An exception of an operator must end the call, not be hidden by a wrong number");
                assertTrue((e + " " + e.getCause()).contains("out of paper"), () -> "It arrives as " + e);
            }
            try (HostedSession session = model.newSession()) {
                session.read(hosting.ids());
            }
        }
    }

    void anyNumberOfThreads() {
        float[] one = text(1);
        for (int threads = 2; threads <= 3; threads++) {
            int count = threads;
            assertArrayEquals(one, text(threads), () -> count + " threads give other logits than one");
        }
    }

    private float[] text(int threads) {
        try (HostedModel model = hosting.open(new Heard(), Map.of(), threads, List.of(), Probe.ofAll("probe"))) {
            return hosting.text(model);
        }
    }

    void closing() {
        Probe probe = Probe.ofAll("probe");
        try (HostedModel model = hosting.open(probe)) {
            hosting.text(model);
            hosting.text(model);
            assertFalse(probe.happened().contains("close"), "Operators are closed while the model is open");
            assertEquals(1, probe.happened().stream().filter("prepare"::equals).count(),
                    "times that prepare() is called");
            assertEquals(2, probe.happened().stream().filter("open"::equals).count(), "sessions opened");
        }
        List<String> happened = probe.happened();
        assertTrue(happened.contains("close"), "The model is closed, and its provider's operators are not");
        assertEquals(2, happened.stream().filter("end"::equals).count(), "sessions of the provider closed");
        assertTrue(happened.lastIndexOf("end") < happened.indexOf("close"),
                "Operators are closed before their sessions");
    }
}
