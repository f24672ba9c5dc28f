package dev.sparsellm.runtime.lineup;

import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.PreparedOperators;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who computes which operator of a model: made by {@code Model.lineup}, shared by any number of sessions, closed with
 * the model.
 *
 * @param name the preference it was made from, for listings
 * @param members the providers that compute something, in order of preference
 * @param assignments who computes an operator; operators not mentioned are the host's dense ones
 * @param refusals what providers were there and did not serve, a line each
 */
public record Lineup(
        String name, List<Member> members, SortedMap<OperatorKey, Assignment> assignments, List<String> refusals) {

    public Lineup {
        members = List.copyOf(members);
        assignments = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(assignments));
        refusals = List.copyOf(refusals);
    }

    /**
     * A provider at work.
     *
     * @param id its id
     * @param settings the values in force, by key
     * @param operators what it prepared
     */
    public record Member(String id, Map<String, String> settings, PreparedOperators operators) {}

    /**
     * Who computes an operator.
     *
     * @param member its place in {@link #members}
     * @param how the provider's own words
     */
    public record Assignment(int member, String how) {}

    /** The id of who computes an operator. */
    public String providerOf(OperatorKey key) {
        Assignment assignment = assignments.get(key);
        return assignment == null ? "dense" : members.get(assignment.member()).id();
    }
}
