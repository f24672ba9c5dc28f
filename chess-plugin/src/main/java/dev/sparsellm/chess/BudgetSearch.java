package dev.sparsellm.chess;

import dev.sparsellm.chess.DamageMeter.Damage;
import dev.sparsellm.chess.Exchange.Parabola;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Distributes what is left out over layers and places where it hurts least: greedily, by damage per byte saved, as TEAL
 * does (Liu et al., ICLR 2025, section 4.3), but with the divergence of the whole model's predictions in place of the
 * error of a block's output, and over all blocks at once.
 *
 * <p>It starts with one share for all places. Damages do not add up, so they are measured where the search stands: the
 * share of each place is varied alone, a little to either side; {@link Exchange} then moves bytes from dear places to
 * cheap ones; and what it proposes is measured, and kept if it costs less on both halves of the text, or else tried again
 * half as far. So a budget never costs more than one share for all on the text that it was chosen on, and a step that
 * only suits the noise of one half is not taken.
 */
final class BudgetSearch {

    private static final int ROUNDS = 3;

    /** How far a share is varied to see what that costs: less drowns in noise, more is not near any more. */
    private static final double PROBE = 0.1;

    /** How far a share may be moved in the first round, and ever: parabolas hold nearby. */
    private static final double FAR = 0.15;
    private static final double FURTHEST = 0.3;
    private static final int TRIES = 3;

    /** Shares are multiples of one in so many: what is smaller is noise, and thresholds are solved for each share once. */
    private static final int GRAINS = 400;
    private static final int HALVINGS = 8;

    /** Bytes saved are met to this part of those that can be saved, ... */
    private static final double EXACT = 5e-4;

    /** ... within so many attempts. */
    private static final int CORRECTIONS = 4;

    /** Measures what allocations cost, {@code [layers][sites]} shares each: see {@link DamageMeter}. */
    interface Meter {
        /** @param what for whoever waits */
        List<Damage> measure(List<double[]> allocations, String what);
    }

    private final Meter meter;
    private final HostServices host;
    private final boolean[] wanted; // [layers][sites]
    private final double[] bytes; // [layers][sites]: what a token can save there
    private final double skippable;

    BudgetSearch(ModelDescription model, ChessSettings settings, HostServices host, Meter meter) {
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
        Found best = uniform(target);
        double wantedBytes = saved(best.damage());
        double plainKl = best.damage().kl();
        double radius = FAR;
        for (int round = 1; round <= ROUNDS; round++) {
            List<Parabola> parabolas = parabolas(best, round);
            Found before = best;
            for (int attempt = 0; attempt < TRIES && best == before; attempt++) {
                Found next = exchanged(best, parabolas, radius, wantedBytes);
                // Both may miss what is wanted by EXACT.
                boolean savesAsMuch = saved(next.damage()) >= wantedBytes - 2 * EXACT * skippable;
                if (savesAsMuch && next.damage().isBetterThan(best.damage())) {
                    best = next;
                    radius = Math.min(FURTHEST, 2 * radius);
                } else {
                    radius /= 2;
                }
            }
            if (!(target instanceof Target.Skipped)) {
                best = furthest(best, target);
                wantedBytes = saved(best.damage());
            }
        }
        if (!(target instanceof Target.Skipped)) {
            plainKl = uniformSaving(wantedBytes).damage().kl();
        }
        float[] shares = new float[wanted.length];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = (float) best.shares()[i];
        }
        Damage damage = best.damage();
        return new Budget(
                words, found, shares, damage.kl(), damage.perplexityRatio(), saved(damage) / skippable, plainKl);
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
        return moved(new double[wanted.length], share);
    }

    /** All shares moved alike, as far as they can be. */
    private double[] moved(double[] shares, double shift) {
        double[] moved = new double[shares.length];
        for (int place = 0; place < moved.length; place++) {
            moved[place] = wanted[place] ? Math.clamp(shares[place] + shift, 0, ChessSettings.MAX_SPARSITY) : 0;
        }
        return moved;
    }

    /** As many more bytes as a target still allows, everywhere alike; each round distributes them anew. */
    private Found furthest(Found best, Target target) {
        Found found = bisect(
                0, ChessSettings.MAX_SPARSITY, shift -> moved(best.shares(), shift), damage -> meets(target, damage));
        return saved(found.damage()) > saved(best.damage()) && meets(target, found.damage()) ? found : best;
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

    private static double grain(double share) {
        return Math.rint(GRAINS * share) / GRAINS;
    }

    private Found measure(double[] shares) {
        double[] grains = Arrays.stream(shares).map(BudgetSearch::grain).toArray();
        return new Found(grains, meter.measure(List.of(grains), "Measuring damage").getFirst());
    }

    /** What each place costs near an allocation; of places that are not wanted, a line along which nothing happens. */
    private List<Parabola> parabolas(Found around, int round) {
        List<double[]> allocations = new ArrayList<>();
        for (int place = 0; place < wanted.length; place++) {
            if (wanted[place]) {
                for (double probe : new double[] {-PROBE, PROBE}) {
                    double[] shares = around.shares().clone();
                    shares[place] = grain(Math.clamp(shares[place] + probe, 0, ChessSettings.MAX_SPARSITY));
                    allocations.add(shares);
                }
            }
        }
        List<Damage> damages = meter.measure(allocations, "Measuring damage, round " + round + " of " + ROUNDS);
        List<Parabola> parabolas = new ArrayList<>();
        int next = 0;
        for (int place = 0; place < wanted.length; place++) {
            if (!wanted[place]) {
                parabolas.add(new Parabola(0, 0));
                continue;
            }
            Damage less = damages.get(next++);
            Damage more = damages.get(next++);
            double kept = around.damage().kept()[place];
            parabolas.add(Parabola.through(
                    kept - less.kept()[place],
                    less.cost() - around.damage().cost(),
                    kept - more.kept()[place],
                    more.cost() - around.damage().cost()));
        }
        return parabolas;
    }

    /** The least that parabolas promise within a radius, for as many bytes saved. */
    private Found exchanged(Found best, List<Parabola> parabolas, double radius, double wantedBytes) {
        double[] least = new double[wanted.length];
        double[] most = new double[wanted.length];
        for (int place = 0; place < wanted.length; place++) {
            if (wanted[place]) {
                least[place] = -Math.min(radius, best.shares()[place]);
                most[place] = Math.min(radius, ChessSettings.MAX_SPARSITY - best.shares()[place]);
            }
        }
        double[] steps = Exchange.steps(parabolas, bytes, least, most);
        double[] shares = new double[wanted.length];
        for (int place = 0; place < shares.length; place++) {
            shares[place] = best.shares()[place] + steps[place];
        }
        return saving(shares, wantedBytes);
    }

    /** Moves all shares alike until so many bytes are saved: what is left out is a little off what was asked for. */
    private Found saving(double[] shares, double wantedBytes) {
        double shift = 0;
        Found found = null;
        for (int i = 0; i < CORRECTIONS; i++) {
            found = measure(moved(shares, shift));
            double missing = (wantedBytes - saved(found.damage())) / skippable;
            if (Math.abs(missing) <= EXACT) {
                break;
            }
            shift += missing;
        }
        return found;
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
