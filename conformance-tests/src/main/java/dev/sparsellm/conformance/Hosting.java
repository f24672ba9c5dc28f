package dev.sparsellm.conformance;

import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/**
 * A host under test.
 *
 * @param opens how it opens its model
 * @param ids a text of several tokens
 * @param maxNmse as of {@link Capabilities}
 * @param folder an empty one
 */
record Hosting(Function<HostRequest, HostedModel> opens, int[] ids, double maxNmse, Path folder) {

    /** Notices and progress of one opening. */
    record Heard(List<String> notices, KitProgress progress) {

        Heard() {
            this(new CopyOnWriteArrayList<>(), new KitProgress());
        }

        boolean mentions(String text) {
            return notices.stream().anyMatch(notice -> notice.contains(text));
        }
    }

    HostedModel open(OperatorProvider... providers) {
        return open(new Heard(), Map.of(), 2, List.of(), providers);
    }

    HostedModel open(Heard heard, Map<String, String> settings, int threads, List<String> named,
            OperatorProvider... providers) {
        return open(heard, settings, threads, named, ProviderCatalog.of(List.of(providers)));
    }

    HostedModel open(
            Heard heard, Map<String, String> settings, int threads, List<String> named, ProviderCatalog catalog) {
        return opens.apply(new HostRequest(
                catalog, named, settings, threads, folder.resolve("cache"), heard.progress(), heard.notices()::add));
    }

    /** Logits of reading most of the text and writing the rest. */
    float[] text(HostedModel model) {
        try (HostedSession session = model.newSession()) {
            return text(session);
        }
    }

    float[] text(HostedSession session) {
        List<float[]> all = new ArrayList<>();
        int prompt = prompt();
        int[] read = new int[prompt];
        System.arraycopy(ids, 0, read, 0, prompt);
        all.add(session.read(read));
        for (int i = prompt; i < ids.length; i++) {
            all.add(session.write(ids[i]));
        }
        float[] joined = new float[all.size() * all.getFirst().length];
        for (int i = 0; i < all.size(); i++) {
            System.arraycopy(all.get(i), 0, joined, i * all.getFirst().length, all.getFirst().length);
        }
        return joined;
    }

    /** How many of the ids are read as a prompt. */
    int prompt() {
        return ids.length - 2;
    }

    /** Logits of the text without any provider. */
    float[] dense() {
        try (HostedModel model = open()) {
            return text(model);
        }
    }
}
