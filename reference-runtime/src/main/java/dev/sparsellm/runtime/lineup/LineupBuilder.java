package dev.sparsellm.runtime.lineup;

import dev.sparsellm.runtime.lineup.Lineup.Assignment;
import dev.sparsellm.runtime.lineup.Lineup.Member;
import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.support.ProviderCatalog;
import dev.sparsellm.spi.support.ProviderCatalog.Found;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Asks providers, in order of preference, what they take of a model, and lets them prepare it. A provider asked for by
 * name that cannot serve is an error; one that was merely there costs a notice, and the next one serves.
 */
public final class LineupBuilder {

    private final ProviderCatalog catalog;
    private final ModelDescription model;
    private final HostServices host;
    private final Map<String, String> settings;
    private final Consumer<String> notices;

    /** @param settings what the user set for any provider, by key */
    public LineupBuilder(
            ProviderCatalog catalog,
            ModelDescription model,
            HostServices host,
            Map<String, String> settings,
            Consumer<String> notices) {
        this.catalog = catalog;
        this.model = model;
        this.host = host;
        this.settings = settings;
        this.notices = notices;
    }

    /**
     * What would serve what, without preparing anything: for listings.
     *
     * @throws ProviderException as {@link #build}
     */
    public List<ProviderPlan> plan(String preference) {
        Preference wish = Preference.parse(preference);
        List<ProviderPlan> candidates = new ArrayList<>();
        SortedMap<OperatorKey, String> taken = new TreeMap<>();
        for (Found found : catalog.order(wish.order())) {
            OperatorProvider provider = found.provider();
            if (servesOnlyWhenNamed(provider) && !wish.names(provider.id())) {
                continue;
            }
            Settings values = settingsFor(provider, wish.settings(provider.id()));
            ProviderPlan candidate = ask(provider, values, wish.names(provider.id()));
            Plan plan = candidate.plan().keeping(key -> !taken.containsKey(key));
            plan.taken().forEach(key -> taken.put(key, provider.id()));
            candidates.add(new ProviderPlan(provider, values, plan, candidate.refusal()));
        }
        return candidates;
    }

    /**
     * Makes a lineup.
     *
     * @throws ProviderException if a provider named in {@code preference} is not there or cannot serve this model
     * @throws dev.sparsellm.spi.SettingsException if a setting is unknown or its value not allowed
     */
    public Lineup build(String preference) {
        Preference wish = Preference.parse(preference);
        List<Member> members = new ArrayList<>();
        SortedMap<OperatorKey, Assignment> assignments = new TreeMap<>();
        List<String> refusals = new ArrayList<>(catalog.broken());
        try {
            for (ProviderPlan candidate : plan(preference)) {
                String id = candidate.provider().id();
                if (!candidate.refusal().isEmpty()) {
                    refusals.add(id + ": " + candidate.refusal());
                }
                if (candidate.plan().taken().isEmpty()) {
                    continue;
                }
                PreparedOperators operators;
                try {
                    operators = candidate.provider().prepare(model, candidate.settings(), candidate.plan(), host);
                } catch (ProviderException e) {
                    if (wish.names(id)) {
                        throw e;
                    }
                    refusals.add(id + ": " + e.getMessage());
                    continue;
                }
                int member = members.size();
                members.add(new Member(id, candidate.settings().inForce(), operators));
                for (OperatorKey key : candidate.plan().taken()) {
                    Decision.Taken decision = (Decision.Taken) candidate.plan().decisions().get(key);
                    assignments.put(key, new Assignment(member, decision.how()));
                }
                if (!operators.summary().isEmpty()) {
                    notices.accept(id + ": " + operators.summary());
                }
            }
        } catch (RuntimeException | Error e) {
            members.forEach(member -> member.operators().close());
            throw e;
        }
        refusals.forEach(notices);
        return new Lineup(preference.isBlank() ? "default" : preference, members, assignments, refusals);
    }

    /** The dense operators stand behind all others, and serve anyone. */
    private static boolean servesOnlyWhenNamed(OperatorProvider provider) {
        return provider.priority() < 0 && provider.priority() != Integer.MIN_VALUE;
    }

    private ProviderPlan ask(OperatorProvider provider, Settings values, boolean named) {
        String id = provider.id();
        if (provider.availability() instanceof Availability.Unusable(String reason, String remedy)) {
            if (named) {
                throw new ProviderException("The provider '" + id + "' cannot work here: " + sentences(reason, remedy));
            }
            return new ProviderPlan(provider, values, Plan.of(Map.of()), sentences(reason, remedy));
        }
        Plan plan = provider.plan(model, values);
        if (plan.firstRefusal().isEmpty()) {
            return new ProviderPlan(provider, values, plan, "");
        }
        OperatorKey first = plan.decisions().entrySet().stream()
                .filter(e -> e.getValue() instanceof Decision.Refused)
                .findFirst()
                .orElseThrow()
                .getKey();
        Decision.Refused refused = plan.firstRefusal().get();
        String refusal = first + ": " + sentences(refused.reason(), refused.remedy());
        if (named) {
            throw new ProviderException("The provider '" + id + "' cannot serve this model; " + refusal);
        }
        return new ProviderPlan(provider, values, plan, refusal);
    }

    private Settings settingsFor(OperatorProvider provider, Map<String, String> ofPreference) {
        Map<String, String> values = new TreeMap<>();
        settings.forEach((key, value) -> {
            if (key.startsWith(provider.id() + ".")) {
                values.put(key, value);
            }
        });
        values.putAll(ofPreference);
        return new Settings(provider.settings(), values);
    }

    private static String sentences(String reason, String remedy) {
        return remedy.isEmpty() ? reason : reason + "; " + remedy;
    }
}
