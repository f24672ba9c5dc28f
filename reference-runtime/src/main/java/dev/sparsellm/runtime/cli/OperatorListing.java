package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.ProviderPlan;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who would compute which operator of a model, and why others would not.
 *
 * @param candidates the providers asked, in order
 * @param broken what was on the path and could not be asked
 * @param kernels what computes dense products
 */
record OperatorListing(List<ProviderPlan> candidates, List<String> broken, String kernels, String fingerprint) {

    private static final Comparator<Group> ORDER =
            Comparator.comparing(Group::kind).thenComparing(Group::provider).thenComparing(Group::how);

    /** Operators of one kind that one provider treats alike. */
    private record Group(OperatorKind kind, String provider, String how) {}

    /** Asks; nothing is prepared. */
    static OperatorListing of(Model model, String preference) {
        return new OperatorListing(
                model.plan(preference),
                model.providers().broken(),
                model.kernels(),
                model.description().fingerprint());
    }

    private Map<Group, SortedSet<Integer>> groups() {
        Map<Group, SortedSet<Integer>> groups = new TreeMap<>(ORDER);
        for (ProviderPlan candidate : candidates) {
            candidate.plan().decisions().forEach((key, decision) -> {
                if (decision instanceof Decision.Taken taken) {
                    groups.computeIfAbsent(
                                    new Group(key.kind(), candidate.provider().id(), taken.how()), g -> new TreeSet<>())
                            .add(key.layer());
                }
            });
        }
        return groups;
    }

    void print(PrintStream out) {
        out.println("Operators, by " + kernels + " kernels; model fingerprint " + fingerprint);
        List<List<String>> rows = new ArrayList<>();
        groups().forEach((group, layers) -> rows.add(List.of(
                name(group.kind()),
                layers.contains(OperatorKey.NO_LAYER) ? "" : "layers " + Listing.ranges(layers),
                group.provider(),
                group.how())));
        out.println(Listing.table("  ", rows));
        rows.clear();
        candidates.forEach(candidate -> candidate.settings().inForce().forEach((key, value) -> rows.add(
                List.of(key, value, candidate.settings().isGiven(key) ? "given" : "default"))));
        if (!rows.isEmpty()) {
            out.println("Settings in force");
            out.println(Listing.table("  ", rows));
        }
        List<String> refusals = refusals();
        if (!refusals.isEmpty()) {
            out.println("Not serving");
            refusals.forEach(refusal -> out.println("  " + refusal));
        }
    }

    private List<String> refusals() {
        List<String> refusals = new ArrayList<>();
        candidates.stream()
                .filter(candidate -> !candidate.refusal().isEmpty())
                .forEach(candidate -> refusals.add(candidate.provider().id() + ": " + candidate.refusal()));
        refusals.addAll(broken);
        return refusals;
    }

    private static String name(OperatorKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    void putInto(Map<String, Object> map) {
        map.put("fingerprint", fingerprint);
        map.put("kernels", kernels);
        List<Map<String, Object>> operators = new ArrayList<>();
        groups().forEach((group, layers) -> {
            Map<String, Object> operator = new LinkedHashMap<>();
            operator.put("kind", name(group.kind()));
            operator.put("layers", layers.contains(OperatorKey.NO_LAYER) ? List.of() : layers);
            operator.put("provider", group.provider());
            operator.put("how", group.how());
            operators.add(operator);
        });
        map.put("operators", operators);
        Map<String, Object> settings = new LinkedHashMap<>();
        candidates.forEach(candidate -> settings.putAll(candidate.settings().inForce()));
        map.put("settings", settings);
        map.put("not_serving", refusals());
    }
}
