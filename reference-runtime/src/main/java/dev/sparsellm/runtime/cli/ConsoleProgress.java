package dev.sparsellm.runtime.cli;

import dev.sparsellm.spi.ProgressSink;
import java.io.PrintStream;
import java.time.Duration;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows work that takes longer than a second on stderr: as a bar with the time left where that is a terminal, else as a
 * plain line every ten seconds.
 */
final class ConsoleProgress implements ProgressSink {

    private static final long SHOWN_AFTER_NANOS = 1_000_000_000L;
    private static final long LINE_EVERY_NANOS = 10_000_000_000L;

    private final Streams streams;

    ConsoleProgress(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Work start(String what, long total) {
        return streams.errIsTerminal() ? new Bar(what, total) : new Lines(what, total);
    }

    private final class Bar implements Work {

        private final String what;
        private final long total;
        private final long start = System.nanoTime();
        private ProgressBar bar;

        Bar(String what, long total) {
            this.what = what;
            this.total = total;
        }

        @Override
        public synchronized void done(long done) {
            long elapsed = System.nanoTime() - start;
            if (bar == null && elapsed >= SHOWN_AFTER_NANOS && done < total) {
                PrintStream err = streams.err();
                bar = new ProgressBarBuilder()
                        .setTaskName(what)
                        .setInitialMax(total)
                        .startsFrom(done, Duration.ofNanos(elapsed))
                        .setStyle(ProgressBarStyle.ASCII)
                        .setUpdateIntervalMillis(200)
                        // Not the library's own, which opens the terminal to measure it.
                        .setConsumer(new DelegatingProgressBarConsumer(
                                text -> err.print("\r" + text), Math.max(20, streams.columns() - 1)))
                        .build();
            }
            if (bar != null) {
                bar.stepTo(done);
            }
        }

        @Override
        public synchronized void close() {
            if (bar != null) {
                bar.close();
                bar = null;
                streams.err().print("\r\033[K");
            }
        }
    }

    private final class Lines implements Work {

        private final String what;
        private final long total;
        private final long start = System.nanoTime();
        private long next = start + LINE_EVERY_NANOS;

        Lines(String what, long total) {
            this.what = what;
            this.total = total;
        }

        @Override
        public synchronized void done(long done) {
            long now = System.nanoTime();
            if (now >= next && done < total && done > 0) {
                next = now + LINE_EVERY_NANOS;
                long left = (long) ((now - start) / 1e9 * (total - done) / done);
                streams.note("%s: %d %% (%d of %d), about %d s left".formatted(what, done * 100 / total, done, total, left));
            }
        }
    }
}
