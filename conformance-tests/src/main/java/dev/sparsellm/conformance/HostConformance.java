package dev.sparsellm.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The rules for hosts. Extend it in your tests, open a small model of yours as the kit asks, and run it as any JUnit
 * test.
 * The kit is the provider: it delegates to the host's own dense operators, writes down what happens, and plays tricks.
 */
public abstract class HostConformance {

    @TempDir
    Path folder;

    private Hosting hosting;

    /** For subclasses. */
    protected HostConformance() {}

    /**
     * Opens a model, the same each time, of at least two layers and a vocabulary that holds {@link #ids()}.
     *
     * @throws RuntimeException what the host throws where it cannot open the model like this; the rules are about it
     */
    protected abstract HostedModel open(HostRequest request);

    /** A text of five tokens or more. If not overridden, the first few of the vocabulary. */
    protected int[] ids() {
        return new int[] {1, 5, 3, 9, 4, 7, 2};
    }

    /** The largest normalised mean square error of dense operators against F64. If not overridden, that of F32 sums. */
    protected double maxNmse() {
        return Capabilities.F32_SUMS;
    }

    @BeforeEach
    final void makeHosting() throws IOException {
        hosting = new Hosting(this::open, ids(), maxNmse(), Files.createTempDirectory(folder, "rule"));
    }

    // H1: who serves

    @Test
    @Rule(
            number = "H101",
            sentence = "What was found on the path and cannot be used costs a notice; all others serve.",
            reason = "One broken jar must not take everything down, nor vanish without a word.")
    final void h101_brokenEntriesAreReported() {
        new ChoiceRules(hosting).brokenEntries();
    }

    @Test
    @Rule(
            number = "H102",
            sentence = "A provider found by itself that refuses costs one notice with its reason, and the model"
                    + " runs dense.",
            reason = "The user did not ask for it, and must still get to know why it does nothing.")
    final void h102_refusalOfOneFoundIsANotice() {
        new ChoiceRules(hosting).refusalOfOneFound();
    }

    @Test
    @Rule(
            number = "H103",
            sentence = "A provider asked for by name that refuses is a ProviderException with its id and reason.",
            reason = "Who asks for a method and gets another one measures the wrong thing.")
    final void h103_refusalOfOneNamedIsAnError() {
        new ChoiceRules(hosting).refusalOfOneNamed();
    }

    @Test
    @Rule(
            number = "H104",
            sentence = "An id that is not there is a ProviderException that lists those that are.",
            reason = "It is a misspelling, or a jar that is missing.")
    final void h104_unknownIdIsAnError() {
        new ChoiceRules(hosting).unknownName();
    }

    @Test
    @Rule(
            number = "H105",
            sentence = "A provider that is unusable here is never planned or prepared; found by itself it costs"
                    + " a notice with its reason, named it is an error.",
            reason = "It said that it would fail.")
    final void h105_unusableIsNotAsked() {
        new ChoiceRules(hosting).unusable();
    }

    @Test
    @Rule(
            number = "H106",
            sentence = "A setting that is unknown or has a value not allowed is a SettingsException naming its key,"
                    + " before the provider sees it.",
            reason = "A misspelled setting that is ignored is a wrong measurement.")
    final void h106_wrongSettingsAreErrors() {
        new ChoiceRules(hosting).wrongSettings();
    }

    @Test
    @Rule(
            number = "H107",
            sentence = "Values of settings arrive at the provider whose id they begin with, and at no other.",
            reason = "Two providers may run side by side.")
    final void h107_settingsArrive() {
        new ChoiceRules(hosting).settingsArrive();
    }

    @Test
    @Rule(
            number = "H108",
            sentence = "A provider that fails to prepare is treated as one that refuses: a notice and dense, or"
                    + " an error.",
            reason = "Files are damaged and disks are full, and the model can still run.")
    final void h108_failureToPrepare() {
        new ChoiceRules(hosting).failureToPrepare();
    }

    @Test
    @Rule(
            number = "H109",
            sentence = "Of several that take an operator the first serves, by the user's order, else by priority; the"
                    + " plan that the others prepare is without it.",
            reason = "Repacking weights for an operator that another one serves is memory thrown away.")
    final void h109_theFirstServes() {
        new ChoiceRules(hosting).order();
    }

    @Test
    @Rule(
            number = "H110",
            sentence = "A provider of negative priority serves only when named.",
            reason = "It may be an experiment, or a tool for debugging.")
    final void h110_negativePriorityServesOnlyWhenNamed() {
        new ChoiceRules(hosting).onlyWhenNamed();
    }

    // H2: what a host offers

    @Test
    @Rule(
            number = "H201",
            sentence = "Shapes, weights and fingerprint of the description agree with each other.",
            reason = "It is all a provider has to plan from.")
    final void h201_descriptionIsConsistent() {
        new ServiceRules(hosting).description();
    }

    @Test
    @Rule(
            number = "H202",
            sentence = "A model has the same fingerprint each time.",
            reason = "Caches are found by it.")
    final void h202_fingerprintStays() {
        new ServiceRules(hosting).fingerprint();
    }

    @Test
    @Tag(OperatorProviderConformance.NUMERICS)
    @Rule(
            number = "H203",
            sentence = "Dense projections are right, for every matrix of the model.",
            reason = "Providers delegate to them, and are compared with them.")
    final void h203_denseProjectionsAreRight() {
        new ServiceRules(hosting).denseProjections();
    }

    @Test
    @Tag(OperatorProviderConformance.NUMERICS)
    @Rule(
            number = "H204",
            sentence = "Dense feed-forward blocks are right, for every layer.",
            reason = "Providers delegate to them, and are compared with them.")
    final void h204_denseFeedForwardIsRight() {
        new ServiceRules(hosting).denseFeedForward();
    }

    @Test
    @Rule(
            number = "H205",
            sentence = "The worker group runs each part once, by a worker within its number of threads, and returns"
                    + " when all have ended and can be seen.",
            reason = "Providers index scratch by worker, and read results right after.")
    final void h205_workersRunEachPartOnce() {
        new ServiceRules(hosting).workers();
    }

    @Test
    @Rule(
            number = "H206",
            sentence = "What a part throws reaches the caller of the worker group, which goes on working.",
            reason = "A part that failed in silence is a wrong number.")
    final void h206_workersPassOnExceptions() {
        new ServiceRules(hosting).workersPassOnExceptions();
    }

    @Test
    @Rule(
            number = "H207",
            sentence = "The text runner tokenizes, runs windows in PREFILL from position 0 with the operators it is"
                    + " given, and hands over the logits of every position in order.",
            reason = "Providers calibrate with it.")
    final void h207_textRunnerRuns() {
        new ServiceRules(hosting).textRunner();
    }

    @Test
    @Rule(
            number = "H208",
            sentence = "API level, cache folder, progress and notices are what the user has chosen and sees.",
            reason = "A calibration of minutes without a word looks like a crash.")
    final void h208_servicesAreConnected() {
        new ServiceRules(hosting).services();
    }

    // H3: how a host runs

    @Test
    @Rule(
            number = "H301",
            sentence = "In each pass, operators are called layer by layer: query, key and value, then the attention"
                    + " output, then the feed-forward block; the output head last.",
            reason = "Providers may let an operator learn from the one before it.")
    final void h301_operatorsAreCalledInOrder() {
        new RunRules(hosting).order();
    }

    @Test
    @Rule(
            number = "H302",
            sentence = "A prompt is read in PREFILL, what is written one id at a time in DECODE, at positions that"
                    + " follow each other.",
            reason = "Sparse methods treat the two differently, and the figures for speed and quality depend on it.")
    final void h302_passesSayWhatTheyAre() {
        new RunRules(hosting).passes();
    }

    @Test
    @Rule(
            number = "H303",
            sentence = "No batch is larger than announced; arrays are large enough, and input and output are two.",
            reason = "Providers size their scratch by it, and read while they write.")
    final void h303_arraysFit() {
        new RunRules(hosting).arraysAndBatches();
    }

    @Test
    @Rule(
            number = "H304",
            sentence = "A session's operators are called by one thread at a time.",
            reason = "They have scratch.")
    final void h304_oneThreadAtATime() {
        new RunRules(hosting).oneThreadAtATime();
    }

    @Test
    @Rule(
            number = "H305",
            sentence = "A provider that delegates everything gives the same logits as none, bit by bit.",
            reason = "Otherwise differences in a comparison are not the provider's.")
    final void h305_delegationIsDense() {
        new RunRules(hosting).delegationIsDense();
    }

    @Test
    @Rule(
            number = "H306",
            sentence = "What a provider computes is used, for each kind of operator it takes and no other.",
            reason = "A provider that serves nothing must not be reported as serving.")
    final void h306_resultsAreUsed() {
        new RunRules(hosting).resultsAreUsed();
    }

    @Test
    @Rule(
            number = "H307",
            sentence = "A provider's activation is used inside the dense feed-forward block, and not where the"
                    + " block is taken.",
            reason = "That is what an activation is an operator for.")
    final void h307_activationsAreUsed() {
        new RunRules(hosting).activations();
    }

    @Test
    @Rule(
            number = "H308",
            sentence = "Each session has operators of its own and gives what it gives alone.",
            reason = "Texts of two users must not mix.")
    final void h308_sessionsAreApart() {
        new RunRules(hosting).sessionsAreApart();
    }

    @Test
    @Rule(
            number = "H309",
            sentence = "An exception of an operator reaches whoever runs the session; other sessions go on.",
            reason = "Never a wrong number.")
    final void h309_exceptionsArrive() {
        new RunRules(hosting).exceptionsArrive();
    }

    @Test
    @Tag(OperatorProviderConformance.NUMERICS)
    @Rule(
            number = "H310",
            sentence = "1, 2 and 3 threads give the same logits, bit by bit.",
            reason = "A text must not depend on the machine it was written on.")
    final void h310_anyNumberOfThreadsGivesTheSame() {
        new RunRules(hosting).anyNumberOfThreads();
    }

    @Test
    @Rule(
            number = "H311",
            sentence = "Operators are prepared once, opened for each session, and closed with the model, after"
                    + " its sessions.",
            reason = "Repacked weights are as large as the model.")
    final void h311_closesWhatItOpened() {
        new RunRules(hosting).closing();
    }
}
