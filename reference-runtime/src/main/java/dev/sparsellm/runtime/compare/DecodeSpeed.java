package dev.sparsellm.runtime.compare;

import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.spi.ProgressSink;
import java.util.ArrayList;
import java.util.List;

/** How fast lineups decode, taking turns so that a machine whose speed drifts treats all alike. */
final class DecodeSpeed {

    private DecodeSpeed() {}

    /** Tokens per second of each lineup, by round; every other round goes backwards. */
    static List<List<Double>> inTurns(Model model, List<Lineup> lineups, Sweep.Request request, ProgressSink progress) {
        List<List<Double>> speeds = new ArrayList<>();
        lineups.forEach(lineup -> speeds.add(new ArrayList<>()));
        if (request.rounds() == 0) {
            return speeds;
        }
        GenerationRequest writing = Sweep.writing(request);
        int contextLength = request.prompt().length + request.tokens();
        int n = lineups.size();
        try (ProgressSink.Work work = progress.start("Measuring speed", (request.rounds() + 1L) * n)) {
            // Round 0 does not count: it warms up what scoring a text has not.
            for (int round = 0; round <= request.rounds(); round++) {
                for (int turn = 0; turn < n; turn++) {
                    int i = round % 2 == 0 ? turn : n - 1 - turn;
                    double speed = SideBySide.speed(model, lineups.get(i), writing, contextLength);
                    if (round > 0) {
                        speeds.get(i).add(speed);
                    }
                    work.done((long) round * n + turn + 1);
                }
            }
        }
        return speeds;
    }
}
