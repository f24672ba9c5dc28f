package dev.sparsellm.server;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.serve.ServeOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who may be chosen to compute, prepared before the first request: nobody but the one who runs the server makes it
 * calibrate or repack. Lineups share the model's mapped weights.
 *
 * @param modelName what clients call the model
 * @param lineups by the name requests choose them by, the default first
 */
record Offers(String modelName, Map<String, Lineup> lineups) {

    /** @throws dev.sparsellm.spi.ProviderException if one cannot serve this model */
    static Offers of(Model model, ServeOptions options) {
        Map<String, Lineup> lineups = new LinkedHashMap<>();
        for (String preference : options.providers()) {
            lineups.put(preference, model.lineup(preference));
        }
        return new Offers(options.modelName(), lineups);
    }

    String byDefault() {
        return lineups.keySet().iterator().next();
    }

    /**
     * Who is to compute: the provider a request names, or the one behind a colon in the model's name, as in
     * {@code demo:chess}.
     *
     * @throws ApiException if there is no such model or provider, or the two are not the same
     */
    String choose(Optional<String> model, Optional<String> provider) {
        Optional<String> ofName = Optional.empty();
        if (model.isPresent()) {
            String name = model.get();
            boolean known = name.equals(modelName)
                    || name.startsWith(modelName + ":") && lineups.containsKey(name.substring(modelName.length() + 1));
            if (!known) {
                throw ApiException.noSuchModel("There is no model '" + name + "' here; there are: " + modelName + ", "
                        + String.join(", ", lineups.keySet().stream().map(this::modelOf).toList()));
            }
            ofName = name.equals(modelName) ? Optional.empty() : Optional.of(name.substring(modelName.length() + 1));
        }
        if (provider.isPresent() && !lineups.containsKey(provider.get())) {
            throw ApiException.field("provider", "The provider '" + provider.get() + "' is not on offer here; on offer are: "
                    + String.join(", ", lineups.keySet()) + ". The one who starts the server adds others with --offer");
        }
        if (provider.isPresent() && ofName.isPresent() && !provider.equals(ofName)) {
            throw ApiException.field("provider", "The provider is '" + provider.get() + "', but the model's name says '"
                    + ofName.get() + "'");
        }
        return provider.orElse(ofName.orElse(byDefault()));
    }

    /** A model's name that chooses a provider. */
    String modelOf(String provider) {
        return modelName + ":" + provider;
    }
}
