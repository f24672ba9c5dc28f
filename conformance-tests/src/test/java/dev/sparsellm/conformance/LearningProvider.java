package dev.sparsellm.conformance;

import dev.sparsellm.spi.Calibratable;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Report;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The plain provider, learning what a model says of each window of a text: a profile has a line of what it is of, one for
 * each window, and an end.
 */
class LearningProvider extends PlainProvider implements Calibratable {

    private static final String END = "end";

    /** What is learnt so far: windows by number, and of what. */
    record Profile(String of, TreeMap<Integer, String> windows) {

        Profile plus(Profile other) {
            if (!of.equals(other.of) || windows.keySet().stream().anyMatch(other.windows::containsKey)) {
                throw new ProviderException("These profiles do not belong together");
            }
            TreeMap<Integer, String> all = new TreeMap<>(windows);
            all.putAll(other.windows);
            return new Profile(of, all);
        }
    }

    /** What broken providers change: what is learnt of a window. */
    protected String learn(HostServices host, int[] window) {
        int[] hash = {0};
        host.text().run(window, new SessionOperators() {}, (position, logits) ->
                hash[0] = 31 * hash[0] + Arrays.hashCode(logits));
        return Integer.toHexString(hash[0]);
    }

    /** What broken providers change: where a calibration goes on. */
    protected Optional<Profile> kept(Path partial) {
        return Files.exists(partial) ? Optional.of(read(partial)) : Optional.empty();
    }

    /** What broken providers change. */
    protected void checkWindow(CalibrationRequest request, int longest) {
        if (request.window() > longest) {
            throw new ProviderException("Windows of " + request.window() + " ids are too long, at most " + longest);
        }
    }

    @Override
    public final void calibrate(ModelDescription model, HostServices host, CalibrationRequest request) {
        checkWindow(request, host.text().maxWindow());
        int length = request.window();
        int[] text = new int[request.ids().length + 1];
        System.arraycopy(request.ids(), 0, text, 1, request.ids().length);
        int wanted = request.maxTokens() == 0 ? text.length / length : (int) request.maxTokens() / length;
        int count = Math.min(wanted, text.length / length);
        if (count == 0) {
            throw new ProviderException("The text fills no window");
        }
        String of = model.fingerprint() + " " + Arrays.hashCode(text) + " " + length + " " + count;
        Path partial = request.output().resolveSibling(request.output().getFileName() + ".partial");
        Profile profile = (request.resume() ? kept(partial) : Optional.<Profile>empty())
                .filter(begun -> begun.of.equals(of))
                .orElseGet(() -> new Profile(of, new TreeMap<>()));
        for (int number = request.shard(); number < count; number += request.shards()) {
            if (!profile.windows.containsKey(number)) {
                int[] window = Arrays.copyOfRange(text, number * length, (number + 1) * length);
                window[0] = host.text().beginOfText().orElse(window[0]);
                profile.windows.put(number, learn(host, window));
                write(profile, partial);
            }
        }
        write(profile, request.output());
    }

    @Override
    public void mergeProfiles(List<Path> profiles, Path output) {
        write(profiles.stream().map(LearningProvider::read).reduce(Profile::plus).orElseThrow(), output);
    }

    @Override
    public Report describeProfile(Path profile, Settings settings) {
        return new Report(Map.of("windows", "" + read(profile).windows.size()), List.of());
    }

    static Profile read(Path file) {
        try {
            List<String> lines = List.of(Files.readString(file, StandardCharsets.ISO_8859_1).split("\n"));
            if (!lines.getLast().equals(END)) {
                throw new ProviderException(file + " is no profile, or not all of one");
            }
            TreeMap<Integer, String> windows = new TreeMap<>();
            for (String line : lines.subList(1, lines.size() - 1)) {
                windows.put(Integer.parseInt(line.split(" ")[0]), line.split(" ")[1]);
            }
            return new Profile(lines.getFirst(), windows);
        } catch (IOException e) {
            throw new ProviderException(file + " cannot be read: " + e, e);
        }
    }

    static void write(Profile profile, Path file) {
        StringBuilder text = new StringBuilder(profile.of).append('\n');
        profile.windows.forEach((number, learnt) -> text.append(number).append(' ').append(learnt).append('\n'));
        Path begun = file.resolveSibling(file.getFileName() + ".new");
        try {
            // A thread that is interrupted writes nothing, and must not leave half a file.
            Files.writeString(begun, text.append(END));
            Files.move(begun, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new ProviderException(file + " cannot be written: " + e, e);
        }
    }
}
