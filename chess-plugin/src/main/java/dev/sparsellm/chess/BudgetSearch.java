package dev.sparsellm.chess;

import dev.sparsellm.chess.DamageCurve.Level;
import dev.sparsellm.chess.DamageCurve.Step;
import dev.sparsellm.chess.DamageMeter.Damage;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Distributes what is left out over layers and places where it hurts least: greedily, by damage per byte saved, as TEAL
 * does (Liu et al., ICLR 2025, section 4.3), but with the divergence of the whole model's predictions in place of the
 * error of a block's output, and over all blocks at once.
 *
 * <p>Around an allocation, the level of each place is varied alone and the damage measured; the hulls of these curves are
 * then climbed together, the cheapest step first. Since damages do not just add up, that is done twice, the second time
 * around what the first found. What is worse than one share for all is never kept.
 */
final class BudgetSearch {

    /** Levels around an allocation, far and then near. */
    private static final double[][] OFFSETS = {
        {-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3}, {-0.2, -0.1, -0.05, 0, 0.05, 0.1, 0.2}
    };

    /** Shares are multiples of one in so many: what is smaller is noise, and thresholds are solved for each share once. */
    private static final int GRAINS = 400;
    private static final int HALVINGS = 8;
    private static final int CORRECTIONS = 3;

    /** Damages do not quite add up: half of a step may be better than all of it. */
    private static final double[] WAYS = {1, 0.5};

    private final DamageMeter meter;
    private final HostServices host;
    private final boolean[] wanted; // [layers][sites]
    private final double[] bytes; // [layers][sites]: what a token can save there
    private final double skippable;

    BudgetSearch(ModelDescription model, ChessSettings settings, HostServices host, DamageMeter meter) {
        this.meter = meter;
        this.host = host;
        int places = model.layers().size() * Site.values().length;
        wanted = new boolean[places];
        bytes = new double[places];
        for (int layer = 0; layer < model.layers().size(); layer++) {
            for (Site site : Suitability.wanted(settings)) {
                wanted[MaskedOperators.number(layer, site)] = true;
                bytes[MaskedOperators.number(layer, site)] = bytes(site, model.layers().get(layer));
            }
        }
        skippable = Arrays.stream(bytes).sum();
    }

    private static double bytes(Site site, LayerWeights weights) {
        double down = site.weights(weights).data().byteSize();
        return site == Site.FEED_FORWARD ? down + weights.up().data().byteSize() : down;
    }

    /** An allocation and what it costs. */
    private record Found(double[] shares, Damage damage) {}

    /** Meets a target. */
    Budget find(Target target, String words, String found) {
        Found uniform = uniform(target);
        Found best = uniform;
        double saved = saved(uniform.damage());
        Found plain = uniform;
        for (int round = 1; round <= OFFSETS.length; round++) {
            List<DamageCurve> curves = curves(best, round);
            // What does not help far away may help nearer by, in the next round.
            best = switch (target) {
                case Target.Skipped skipped -> cheapest(best, curves, saved);
                default -> furthest(best, curves, damage -> meets(target, damage));
            };
        }
        if (!(target instanceof Target.Skipped)) {
            plain = uniformSaving(saved(best.damage()));
        }
        float[] shares = new float[wanted.length];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = (float) best.shares()[i];
        }
        Damage damage = best.damage();
        return new Budget(
                words, found, shares, damage.kl(), damage.perplexityRatio(), saved(damage) / skippable,
                plain.damage().kl());
    }

    private static boolean meets(Target target, Damage damage) {
        return switch (target) {
            case Target.PerplexityRatio ratio -> damage.perplexityRatio() <= ratio.most();
            case Target.Divergence divergence -> damage.kl() <= divergence.most();
            case Target.Skipped skipped -> true;
        };
    }

    /** One share for all places that meets a target. */
    private Found uniform(Target target) {
        return switch (target) {
            case Target.Skipped skipped -> uniformSaving(skipped.share() * skippable);
            default -> bisect(0, ChessSettings.MAX_SPARSITY, this::everywhere, damage -> meets(target, damage));
        };
    }

    /** One share for all places that saves so many bytes: nearly proportional, but for what masking itself shifts. */
    private Found uniformSaving(double wantedBytes) {
        return saving(everywhere(wantedBytes / skippable), wantedBytes);
    }

    private double[] everywhere(double share) {
        double[] shares = new double[wanted.length];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = wanted[i] ? share : 0;
        }
        return shares;
    }

    private interface Family {
        double[] at(double parameter);
    }

    /** The furthest member of a family that is allowed, to one part in 2^HALVINGS. */
    private Found bisect(double from, double to, Family family, Predicate<Damage> allowed) {
        double low = from;
        double high = to;
        Found best = measure(family.at(from));
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            Found found = measure(family.at(middle));
            if (allowed.test(found.damage())) {
                low = middle;
                best = found;
            } else {
                high = middle;
            }
        }
        return best;
    }

    private Found measure(double[] shares) {
        for (int place = 0; place < shares.length; place++) {
            shares[place] = Math.rint(GRAINS * shares[place]) / GRAINS;
        }
        return new Found(shares, meter.measure(List.of(shares), "Measuring damage").getFirst());
    }

    /** The curve of each place around an allocation; null of places that are not wanted. */
    private List<DamageCurve> curves(Found around, int round) {
        List<double[]> allocations = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        for (int place = 0; place < wanted.length; place++) {
            for (double level : levels(around.shares()[place], OFFSETS[round - 1])) {
                if (wanted[place]) {
                    double[] shares = around.shares().clone();
                    shares[place] = level;
                    allocations.add(shares);
                    places.add(place);
                }
            }
        }
        List<Damage> damages = meter.measure(allocations, "Measuring damage, round " + round + " of " + OFFSETS.length);
        List<DamageCurve> curves = new ArrayList<>();
        for (int place = 0; place < wanted.length; place++) {
            List<Level> levels = new ArrayList<>();
            levels.add(level(place, around.shares(), around.damage()));
            for (int i = 0; i < damages.size(); i++) {
                if (places.get(i) == place) {
                    levels.add(level(place, allocations.get(i), damages.get(i)));
                }
            }
            curves.add(wanted[place] ? new DamageCurve(levels) : null);
        }
        return curves;
    }

    /** Multiples of a twentieth, so that most are met again. */
    private static double[] levels(double share, double[] offsets) {
        double middle = Math.rint(20 * share) / 20;
        return Arrays.stream(offsets)
                .map(offset -> Math.rint(20 * Math.clamp(middle + offset, 0, ChessSettings.MAX_SPARSITY)) / 20)
                .filter(level -> level != share)
                .distinct()
                .toArray();
    }

    private Level level(int place, double[] shares, Damage damage) {
        return new Level(shares[place], bytes[place] * (1 - damage.kept()[place]), damage.kl());
    }

    /** Saves so many bytes for less damage, going all the way that curves point to, or half of it, or none. */
    private Found cheapest(Found best, List<DamageCurve> curves, double wantedBytes) {
        double[] goal = climb(curves, wantedBytes);
        Found cheapest = best;
        for (double way : WAYS) {
            Found found = saving(between(best.shares(), goal, way), wantedBytes);
            if (found.damage().kl() < cheapest.damage().kl()) {
                cheapest = found;
            }
        }
        return cheapest;
    }

    /** Saves the most bytes that are allowed. */
    private Found furthest(Found best, List<DamageCurve> curves, Predicate<Damage> allowed) {
        Found furthest = best;
        for (double way : WAYS) {
            Found found = bisect(
                    0, skippable, asked -> between(best.shares(), climb(curves, asked), way), allowed);
            if (allowed.test(found.damage()) && saved(found.damage()) > saved(furthest.damage())) {
                furthest = found;
            }
        }
        return furthest;
    }

    private static double[] between(double[] from, double[] to, double way) {
        double[] shares = new double[from.length];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = from[i] + way * (to[i] - from[i]);
        }
        return shares;
    }

    /** Moves all shares alike until so many bytes are saved: what is measured is a little off what curves add up to. */
    private Found saving(double[] shares, double wantedBytes) {
        double shift = 0;
        Found found = null;
        for (int i = 0; i < CORRECTIONS; i++) {
            double[] moved = new double[shares.length];
            for (int place = 0; place < moved.length; place++) {
                moved[place] = wanted[place]
                        ? Math.clamp(shares[place] + shift, 0, ChessSettings.MAX_SPARSITY)
                        : 0;
            }
            found = measure(moved);
            shift += (wantedBytes - saved(found.damage())) / skippable;
        }
        return found;
    }

    /** Climbs all curves together, the cheapest step first, until so many bytes are saved. */
    private double[] climb(List<DamageCurve> curves, double wantedBytes) {
        double[] shares = new double[wanted.length];
        double saved = 0;
        List<Step> steps = new ArrayList<>();
        for (int place = 0; place < shares.length; place++) {
            if (curves.get(place) != null) {
                shares[place] = curves.get(place).first().share();
                saved += curves.get(place).first().saved();
                steps.addAll(curves.get(place).steps(place));
            }
        }
        steps.sort(Comparator.comparingDouble(Step::slope));
        for (Step step : steps) {
            double part = Math.clamp((wantedBytes - saved) / step.bytes(), 0, 1);
            shares[step.number()] += part * (step.to().share() - step.from().share());
            saved += part * step.bytes();
        }
        return shares;
    }

    private double saved(Damage damage) {
        double saved = 0;
        for (int place = 0; place < wanted.length; place++) {
            saved += bytes[place] * (1 - damage.kept()[place]);
        }
        return saved;
    }

    /** Says what was found. */
    void report(Budget budget) {
        host.notice(String.format(Locale.ROOT, "budget: %s", budget.inWords()));
    }
}
