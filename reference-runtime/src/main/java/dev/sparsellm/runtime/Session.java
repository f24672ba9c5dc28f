package dev.sparsellm.runtime;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.runtime.Generation.StopReason;
import dev.sparsellm.runtime.events.PassListener;
import dev.sparsellm.runtime.host.HostOfModel;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.llama.Decoder;
import dev.sparsellm.runtime.sampling.Sampler;
import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import dev.sparsellm.runtime.tokenizer.StreamingDecoder;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Usage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A text under way: its positions, keys and values, and scratch. Many sessions of a model may run at the same time; each
 * is used by one thread at a time.
 */
public final class Session implements AutoCloseable {

    private final Model model;
    private final Lineup lineup;
    private final int contextLength;
    private final List<SessionOperators> members = new ArrayList<>();
    private final Decoder decoder;
    private final PassListener passes;
    private final float[] logits; // [vocab], of the last position read
    private int position;
    // Written, but not read back yet: the last token of a generation, which a later one has to read first.
    private int[] unread = new int[0];
    private Runnable beforePass = () -> {};
    private boolean closed;

    Session(Model model, HostOfModel host, Lineup lineup, int contextLength) {
        this.model = model;
        this.lineup = lineup;
        this.contextLength = contextLength;
        SessionContext context = new SessionContext(HostOfModel.MAX_BATCH, host.workers());
        try {
            for (Lineup.Member member : lineup.members()) {
                members.add(member.operators().newSession(context));
            }
            decoder = host.decoder(host.table(lineup, members, context), contextLength);
        } catch (RuntimeException | Error e) {
            members.forEach(SessionOperators::close);
            throw e;
        }
        passes = PassListener.ofThisJvm(lineup.name(), this::usages);
        logits = new float[model.description().shape().vocab()];
    }

    /** Who computes for this session. */
    public Lineup lineup() {
        return lineup;
    }

    /** Positions read so far. */
    public int position() {
        return position;
    }

    /** The most positions this session can hold. */
    public int contextLength() {
        return contextLength;
    }

    /**
     * Has something done before each pass over the layers, of which a long prompt takes many: on the thread that reads or
     * writes, which may wait there to give other sessions their turn, or throw to end what it is doing. The session then
     * holds what the passes before have read.
     */
    public void beforeEachPass(Runnable hook) {
        beforePass = Objects.requireNonNull(hook, "hook");
    }

    /**
     * What the last token written was chosen from, while a {@link TokenSink} is told of it; else what followed on the
     * last position whose logits were kept. The session's own array, [vocab]: to be read, at once.
     */
    public float[] logits() {
        return logits;
    }

    /** Token ids of a prompt, with a begin mark if nothing has been read yet and the model wants one. */
    public int[] prompt(String text) {
        boolean begin = position == 0 && unread.length == 0;
        return model.tokenizer().encode(text, new EncodeOptions(begin, false));
    }

    /** Forgets everything read. */
    public void reset() {
        rewind(0);
    }

    /**
     * Forgets what was read at positions from {@code position} on.
     *
     * @throws IllegalArgumentException if fewer have been read
     */
    public void rewind(int position) {
        if (position < 0 || position > this.position) {
            throw new IllegalArgumentException(
                    "There is no going back to position " + position + ": read are " + this.position);
        }
        this.position = position;
        unread = new int[0];
    }

    /**
     * Reads ids, handing over logits.
     *
     * @param logitsFrom index of the first id whose logits are wanted; {@code ids.length} for none
     * @param sink rows are indices into {@code ids}
     * @throws IllegalArgumentException if they do not fit the context
     * @throws GgufException if the model's file was changed meanwhile
     */
    public void read(int[] ids, int logitsFrom, LogitsSink sink) {
        read(Phase.PREFILL, ids, logitsFrom, sink);
    }

    /**
     * Reads ids that are there already the way they would be read while writing them: in phase {@link Phase#DECODE},
     * although in batches. So text is scored as providers decode, whatever they do with a prompt.
     *
     * @param sink receives the logits of every id; rows are indices into {@code ids}
     * @throws IllegalArgumentException if they do not fit the context
     */
    public void readAsDecoding(int[] ids, LogitsSink sink) {
        read(Phase.DECODE, ids, 0, sink);
    }

    private void read(Phase phase, int[] ids, int logitsFrom, LogitsSink sink) {
        requireOpen();
        requireRoom(ids.length);
        for (int from = 0; from < ids.length; from += decoder.maxBatch()) {
            int first = from;
            int count = Math.min(decoder.maxBatch(), ids.length - from);
            int wanted = Math.min(Math.max(logitsFrom - from, 0), count);
            beforePass.run();
            model.requireUnchanged();
            passes.begin();
            try {
                decoder.forward(phase, ids, from, count, position, wanted, (row, all, offset) ->
                        sink.accept(first + row, all, offset));
            } catch (InternalError e) {
                throw Model.readFault(model.path(), e);
            }
            passes.end(phase, position, count);
            position += count;
        }
    }

    /**
     * Reads the prompt and writes on.
     *
     * @param sink sees each token at once
     * @throws IllegalArgumentException if the prompt is empty at the start of a text, or longer than what is left of
     *     the context
     */
    public Generation generate(GenerationRequest request, TokenSink sink) {
        requireOpen();
        int[] prompt = request.prompt();
        int tokens = unread.length + prompt.length;
        if (tokens == 0) {
            throw new IllegalArgumentException("The prompt is empty: give at least one token");
        }
        requireRoom(tokens);
        Sampler sampler = Sampler.of(request.sampling(), logits.length);
        Arrays.stream(unread).forEach(sampler::accept);
        Arrays.stream(prompt).forEach(sampler::accept);
        long start = System.nanoTime();
        // As it would have been read had the generation not ended there: it goes on as if it had not.
        read(Phase.DECODE, unread, 0, this::keep);
        unread = new int[0];
        read(Phase.PREFILL, prompt, prompt.length - 1, this::keep);
        long prefilled = System.nanoTime();
        Writing writing = new Writing(request, sink);
        StopReason stop = write(request, sampler, writing);
        long written = System.nanoTime();
        return new Generation(
                writing.text.toString(), writing.ids(), tokens, prefilled - start, written - prefilled, stop);
    }

    private void requireRoom(int tokens) {
        if (tokens > contextLength - position) {
            throw new IllegalArgumentException(("The text needs %d positions, %d of %d are left; shorten it, or open a"
                            + " longer context (--ctx)")
                    .formatted(tokens, contextLength - position, contextLength));
        }
    }

    private StopReason write(GenerationRequest request, Sampler sampler, Writing writing) {
        int[] next = new int[1];
        for (int n = 0; n < request.maxTokens(); n++) {
            next[0] = sampler.sample(logits);
            sampler.accept(next[0]);
            if (model.tokenizer().isEndOfGeneration(next[0]) && !request.ignoreEnd()) {
                // Not to be read: what follows in a conversation begins with its own mark (ChatFormat.nextTurn).
                writing.finish();
                return StopReason.END;
            }
            unread = next.clone();
            if (!writing.accept(next[0])) {
                return writing.stoppedByText ? StopReason.STOP_TEXT : StopReason.CANCELLED;
            }
            if (n + 1 == request.maxTokens()) {
                break;
            }
            if (position == contextLength) {
                writing.finish();
                return StopReason.CONTEXT_FULL;
            }
            read(Phase.DECODE, next, 0, this::keep);
            unread = new int[0];
        }
        writing.finish();
        return StopReason.LENGTH;
    }

    private void keep(int row, float[] all, int offset) {
        System.arraycopy(all, offset, logits, 0, logits.length);
    }

    /** The text of one generation as it grows. */
    private final class Writing {

        private final TokenSink sink;
        private final StreamingDecoder decoder = new StreamingDecoder();
        private final StopTexts stops;
        private final StringBuilder text = new StringBuilder();
        private int[] ids = new int[64];
        private int count;
        private boolean stoppedByText;

        Writing(GenerationRequest request, TokenSink sink) {
            this.sink = sink;
            stops = new StopTexts(request.stopTexts());
        }

        int[] ids() {
            return Arrays.copyOf(ids, count);
        }

        boolean accept(int id) {
            if (count == ids.length) {
                ids = Arrays.copyOf(ids, 2 * count);
            }
            ids[count++] = id;
            String whole = model.tokenizer().isControl(id) ? "" : decoder.append(model.tokenizer().bytes(id));
            String shown = stops.append(whole);
            stoppedByText = stops.found();
            text.append(shown);
            return sink.accept(id, shown) && !stoppedByText;
        }

        /** Hands over what was held back. */
        void finish() {
            String rest = stops.append(decoder.flush()) + stops.flush();
            if (!rest.isEmpty()) {
                text.append(rest);
                sink.accept(-1, rest);
            }
        }
    }

    /** What an operator has done in this session so far; {@link Usage#NONE} where the host itself computes it. */
    public Usage usage(OperatorKey key) {
        Lineup.Assignment assignment = lineup.assignments().get(key);
        return assignment == null ? Usage.NONE : members.get(assignment.member()).usage(key);
    }

    /** What every operator taken by a provider has done in this session so far. */
    public TreeMap<OperatorKey, Usage> usages() {
        TreeMap<OperatorKey, Usage> usages = new TreeMap<>();
        lineup.assignments().keySet().forEach(key -> usages.put(key, usage(key)));
        return usages;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The session has been closed");
        }
    }

    /** Frees the providers' scratch. A second call does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            members.forEach(SessionOperators::close);
        }
    }
}
