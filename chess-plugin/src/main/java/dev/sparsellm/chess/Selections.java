package dev.sparsellm.chess;

import dev.sparsellm.spi.HostServices;
import java.util.HashMap;
import java.util.Map;

/** Selections of a model at any share, each solved for once. Used by one thread at a time. */
final class Selections {

    private final ChessSettings settings;
    private final Profile profile;
    private final HostServices host;
    private final ThresholdSolver[] solvers; // [layers][sites]
    private final Map<Key, Selection> solved = new HashMap<>();

    private record Key(int number, double share) {}

    Selections(ChessSettings settings, Profile profile, HostServices host) {
        this.settings = settings;
        this.profile = profile;
        this.host = host;
        solvers = new ThresholdSolver[profile.layers().size() * Site.values().length];
    }

    /** @param shares {@code [layers][sites]}; null where a share is 0 */
    Selection[] of(double[] shares) {
        Selection[] selections = new Selection[shares.length];
        Selection[] missing = new Selection[shares.length];
        host.workers().run(shares.length, (number, worker) -> {
            if (shares[number] > 0 && !solved.containsKey(new Key(number, shares[number]))) {
                missing[number] = solve(number, shares[number]);
            }
        });
        for (int number = 0; number < shares.length; number++) {
            Key key = new Key(number, shares[number]);
            if (missing[number] != null) {
                solved.put(key, missing[number]);
            }
            selections[number] = solved.get(key);
        }
        return selections;
    }

    private Selection solve(int number, double share) {
        Site site = MaskedOperators.site(number);
        Profile.Place place = profile.layers().get(MaskedOperators.layer(number)).at(site);
        if (solvers[number] == null) {
            solvers[number] = new ThresholdSolver(site, place.seen());
        }
        return settings.select(site, place, profile.provenance().positions(), share, solvers[number]);
    }
}
