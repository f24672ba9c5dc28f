package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.spi.ProgressSink;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SettledTest {

    private final List<String> seen = new ArrayList<>();

    private final ProgressSink shown = (what, total) -> {
        seen.add(what + " of " + total);
        return new ProgressSink.Work() {
            @Override
            public void done(long done) {
                seen.add("at " + done);
            }

            @Override
            public void close() {
                seen.add("end");
            }
        };
    };

    private void work(ProgressSink progress, String what) {
        try (ProgressSink.Work work = progress.start(what, 2)) {
            work.done(1);
        }
    }

    @Test
    void what_long_work_left_is_collected_once_when_the_next_begins() {
        ProgressSink progress = Settled.between(shown, 0, () -> seen.add("collected"));
        work(progress, "Calibrating");
        assertThat(seen).containsExactly("Calibrating of 2", "at 1", "end");
        seen.clear();
        work(progress, "Repacking");
        assertThat(seen).containsExactly("collected", "Repacking of 2", "at 1", "end");
    }

    @Test
    void short_work_leaves_nothing_to_speak_of() {
        ProgressSink progress = Settled.between(shown, Long.MAX_VALUE, () -> seen.add("collected"));
        work(progress, "Checking");
        work(progress, "Checking");
        assertThat(seen).doesNotContain("collected");
    }
}
