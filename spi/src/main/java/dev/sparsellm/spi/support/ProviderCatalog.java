package dev.sparsellm.spi.support;

import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.ProviderException;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The providers on a path, and those that were there but broken. Immutable.
 *
 * <p>One broken jar does not hide the others: it becomes an entry of {@link #broken()}.
 */
public final class ProviderCatalog {

    private static final Pattern ID = Pattern.compile("[a-z][a-z0-9-]*");

    /** By priority, larger first, then by id. */
    private static final Comparator<Found> BY_PRIORITY = Comparator.<Found>comparingInt(
                    found -> found.provider().priority())
            .reversed()
            .thenComparing(found -> found.provider().id());

    private final Map<String, Found> byId = new TreeMap<>();
    private final List<String> broken;

    private ProviderCatalog(List<Found> found, List<String> broken) {
        List<String> faults = new ArrayList<>(broken);
        for (Found candidate : found) {
            String fault = fault(candidate);
            if (fault != null) {
                faults.add(fault);
                continue;
            }
            Found twin = byId.putIfAbsent(candidate.provider().id(), candidate);
            if (twin != null) {
                throw new ProviderException("Two providers have the id '" + candidate.provider().id() + "': "
                        + twin.location() + " and " + candidate.location() + "; take one of them off the path");
            }
        }
        this.broken = List.copyOf(faults);
    }

    /**
     * A provider and where it comes from.
     *
     * @param location the jar or folder, for messages
     */
    public record Found(OperatorProvider provider, String location) {}

    /**
     * Looks for providers.
     *
     * @throws ProviderException if two have the same id, naming both places
     */
    public static ProviderCatalog discover(ClassLoader loader) {
        List<Found> found = new ArrayList<>();
        List<String> broken = new ArrayList<>();
        Iterator<OperatorProvider> providers =
                ServiceLoader.load(OperatorProvider.class, loader).iterator();
        // Both calls can fail, with either error, and the iterator goes on behind the broken entry when called again.
        while (true) {
            try {
                if (!providers.hasNext()) {
                    break;
                }
                OperatorProvider provider = providers.next();
                found.add(new Found(provider, locationOf(provider)));
            } catch (ServiceConfigurationError | LinkageError e) {
                broken.add(messages(e));
            }
        }
        return new ProviderCatalog(found, broken);
    }

    /** A catalogue of given providers, for hosts and tests that do not search a path. */
    public static ProviderCatalog of(List<? extends OperatorProvider> providers) {
        return new ProviderCatalog(
                providers.stream().map(p -> new Found(p, locationOf(p))).toList(), List.of());
    }

    /** The usable entries, by priority. */
    public List<Found> providers() {
        return byId.values().stream().sorted(BY_PRIORITY).toList();
    }

    /** What was found and could not be used: one line each, with the reason. */
    public List<String> broken() {
        return broken;
    }

    /**
     * The provider with an id.
     *
     * @throws ProviderException if there is none, listing those found
     */
    public Found require(String id) {
        Found found = byId.get(id);
        if (found == null) {
            throw new ProviderException("No provider '" + id + "'; found are "
                    + (byId.isEmpty() ? "none" : String.join(", ", byId.keySet()))
                    + (broken.isEmpty() ? "" : "; broken: " + String.join("; ", broken)));
        }
        return found;
    }

    /**
     * Providers in the order of a preference.
     *
     * @param preference ids separated by commas; {@code *} stands for all others, by priority. Empty means {@code *}
     * @throws ProviderException for an id not found, or named twice
     */
    public List<Found> order(String preference) {
        if (preference.isBlank()) {
            return providers();
        }
        List<String> ids = Pattern.compile(",").splitAsStream(preference).map(String::strip).toList();
        List<Found> ordered = new ArrayList<>();
        for (String id : ids) {
            if (id.equals("*")) {
                providers().stream()
                        .filter(found -> !ids.contains(found.provider().id()))
                        .forEach(ordered::add);
            } else {
                ordered.add(require(id));
            }
        }
        if (ordered.stream().distinct().count() != ordered.size()) {
            throw new ProviderException("The preference '" + preference + "' names a provider twice");
        }
        return List.copyOf(ordered);
    }

    /** Why an entry cannot be used, or null if it can. */
    private static String fault(Found found) {
        OperatorProvider provider = found.provider();
        String who = provider.getClass().getName() + " (" + found.location() + ")";
        try {
            if (provider.id() == null || !ID.matcher(provider.id()).matches()) {
                return who + " has the id '" + provider.id() + "'; an id is lower-case letters, digits and hyphens";
            }
            if (provider.apiLevel() != ApiLevel.CURRENT) {
                return who + " was built for API level " + provider.apiLevel() + ", this host serves level "
                        + ApiLevel.CURRENT + ": use matching versions";
            }
            return null;
        } catch (RuntimeException | LinkageError e) {
            return who + " failed when asked who it is: " + messages(e);
        }
    }

    private static String locationOf(OperatorProvider provider) {
        CodeSource source = provider.getClass().getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return "unknown place";
        }
        try {
            return Path.of(source.getLocation().toURI()).toString();
        } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException notAFile) {
            return source.getLocation().toString();
        }
    }

    private static String messages(Throwable e) {
        return java.util.stream.Stream.iterate(e, t -> t != null, Throwable::getCause)
                .map(Throwable::toString)
                .collect(Collectors.joining(", caused by "));
    }
}
