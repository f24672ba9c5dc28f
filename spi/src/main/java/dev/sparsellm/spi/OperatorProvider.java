package dev.sparsellm.spi;

import java.util.List;

/**
 * Computes some of a model's operators its own way. The entry point of a plugin, found by {@link java.util.ServiceLoader}.
 *
 * <p>Ship both a {@code provides} clause and a {@code META-INF/services} entry, so that the jar works on the module path
 * and on the class path. The class needs a public no-argument constructor that does next to nothing: every provider on
 * the path is instantiated, chosen or not. It must load on a JVM without optional modules: mention no Vector API type
 * in a field, a supertype or a public signature, and reach such code only from {@link #prepare}.
 *
 * <p>A provider has no state: all it learns goes into the {@link PreparedOperators} it returns, so that one provider
 * can serve several models, or one model twice with different settings, in the same JVM. It reads no system property;
 * what a user may tune arrives as {@link Settings}.
 *
 * <p>All methods may be called from any thread, also at the same time.
 */
public interface OperatorProvider {

    /**
     * The name by which users choose this provider: a lower-case letter, then lower-case letters, digits and hyphens.
     * Two providers with one id on a path are an error.
     */
    String id();

    /** The level this provider was compiled against: write {@code return ApiLevel.CURRENT;}. */
    int apiLevel();

    /** One line for listings, without a full stop. */
    default String description() {
        return "";
    }

    /**
     * Who goes first when the user named nobody: larger first, ties by id. The host's dense operators stand at
     * {@link Integer#MIN_VALUE}. A provider that should serve only when named returns a negative value.
     */
    default int priority() {
        return 0;
    }

    /** Whether this provider can work on this JVM and machine at all. Cheap; never throws. */
    default Availability availability() {
        return new Availability.Usable();
    }

    /**
     * Everything a user may tune. The host prints it as help and checks values against it before any other method sees
     * them; a key outside this list is an error.
     */
    default List<Setting> settings() {
        return List.of();
    }

    /**
     * Says which operators of a model this provider would compute. Pure: reads shapes and types, never weights, has no
     * effect, and gives the same answer for the same arguments.
     *
     * @param model the model; valid for as long as the caller keeps it open
     * @param settings values for {@link #settings()}, checked
     * @return a decision per operator; operators it does not mention stay with the next provider in order
     * @throws SettingsException if values that are each allowed do not go together
     */
    Plan plan(ModelDescription model, Settings settings);

    /**
     * Makes the operators taken in {@code plan} ready to run: the place to repack weights, calibrate, read caches.
     * May take long; reports to {@link HostServices#progress()}. Called once for a model; the result serves all sessions.
     *
     * @param plan what {@link #plan} returned, possibly with fewer operators taken
     * @return operators for exactly the keys taken in {@code plan}
     * @throws ProviderException if it cannot, with what happened and what to do; the host then goes on without this
     *     provider, or fails if the user had named it
     */
    PreparedOperators prepare(ModelDescription model, Settings settings, Plan plan, HostServices host);
}
