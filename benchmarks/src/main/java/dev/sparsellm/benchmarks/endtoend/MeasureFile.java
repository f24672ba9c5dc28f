package dev.sparsellm.benchmarks.endtoend;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.compare.WeightTraffic;
import dev.sparsellm.runtime.demo.DemoTexts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Measures one file, in a JVM of its own: code compiled for the weights of one type does not serve another's as well. */
final class MeasureFile {

    private final Request request;

    private MeasureFile(Request request) {
        this.request = request;
    }

    /** Takes a file that holds a {@link Request}, and writes an {@link Outcome} to another. */
    public static void main(String[] args) throws Exception {
        JsonMapper json = new JsonMapper();
        Request request = json.readValue(Files.readString(Path.of(args[0])), Request.class);
        Files.writeString(Path.of(args[1]), json.writeValueAsString(new MeasureFile(request).run()));
    }

    private Outcome run() throws IOException, InterruptedException {
        ModelOptions options = ModelOptions.defaults()
                .withThreads(request.threads())
                .withSettings(Map.of("chess.profile", request.profile()))
                .withCacheDirectory(Path.of(request.cache()))
                .withNotices(System.err::println);
        List<OurRuntime> ours = new ArrayList<>();
        try (Model model = Model.load(Path.of(request.model()), options)) {
            try {
                // Those that take most operators first: their file of repacked weights serves the others, too.
                request.entrants().reversed().forEach(entrant -> model.lineup(entrant.preference()));
                int[] prompt = prompt(model);
                for (Entrant entrant : request.entrants()) {
                    ours.add(new OurRuntime(model, entrant, prompt, request.tokens()));
                }
                List<Contender> all = new ArrayList<>(ours);
                request.llamaCpp().forEach(program -> all.add(new LlamaCpp(program, request)));
                if (!request.llama3Java().isEmpty()) {
                    int[] text = Arrays.copyOfRange(prompt, 1, prompt.length);
                    all.add(new Llama3Java(request, model.tokenizer().decode(text)));
                }
                List<List<Speeds>> rounds = inTurns(all);
                List<Outcome.Row> rows = new ArrayList<>();
                for (int i = 0; i < all.size(); i++) {
                    WeightTraffic traffic = i < ours.size() ? ours.get(i).traffic() : new WeightTraffic(0, 0);
                    rows.add(new Outcome.Row(all.get(i).name(), traffic.bytes(),
                            i < ours.size() ? traffic.idealRatio() : 0, rounds.get(i)));
                }
                return new Outcome(request, Files.size(Path.of(request.model())), model.kernels(), rows);
            } finally {
                ours.forEach(OurRuntime::close);
            }
        }
    }

    /** Fairy tales: what sparse operators do depends on the text. */
    private int[] prompt(Model model) {
        int[] ids = model.tokenizer().encodeOrdinary(DemoTexts.heldOut().substring(0, 20_000));
        int[] prompt = Arrays.copyOf(ids, request.promptTokens());
        model.tokenizer().bos().ifPresent(id -> prompt[0] = id);
        return prompt;
    }

    /**
     * Every other round goes backwards, so that none always follows the same one. Round 0 does not count.
     *
     * <p>After a process has ended there is a rest: Linux gives the memory it had back to the host of a virtual machine two to
     * five seconds later, and what runs then is slower by up to a tenth.
     */
    private List<List<Speeds>> inTurns(List<Contender> all) throws IOException, InterruptedException {
        List<List<Speeds>> speeds = new ArrayList<>();
        all.forEach(contender -> speeds.add(new ArrayList<>()));
        for (int round = 0; round <= request.rounds(); round++) {
            for (int turn = 0; turn < all.size(); turn++) {
                int i = round % 2 == 0 ? turn : all.size() - 1 - turn;
                Speeds one = all.get(i).round();
                System.err.printf("%s, round %d of %d, %s: %.1f read, %.2f written a second%n", request.title(), round,
                        request.rounds(), all.get(i).name(), one.prefill(), one.decode());
                if (round > 0) {
                    speeds.get(i).add(one);
                }
                if (all.get(i).endsProcess()) {
                    TimeUnit.SECONDS.sleep(request.rest());
                }
            }
        }
        return speeds;
    }
}
