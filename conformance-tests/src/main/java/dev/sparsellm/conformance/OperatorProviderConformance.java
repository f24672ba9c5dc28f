package dev.sparsellm.conformance;

import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The rules for providers. Extend it in your tests, name the provider and what it can do, and run it as any JUnit test;
 * one subclass for each set of settings of interest. The kit is the host: it brings small models of random weights,
 * runs them in F64, and compares.
 *
 * <p>A rule that does not concern a provider is skipped, with the reason. Rules that depend on the kind of code the CPU
 * runs have the tag {@value #NUMERICS}, for running them again under other flags.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class OperatorProviderConformance {

    /** The tag of rules whose outcome may depend on CPU and JVM flags. */
    public static final String NUMERICS = "numerics";

    @TempDir
    Path folder;

    private final Comparisons comparisons = new Comparisons();
    private Subject subject;

    /** For subclasses. */
    protected OperatorProviderConformance() {}

    /** A new instance, as {@link java.util.ServiceLoader} makes it. */
    protected abstract OperatorProvider provider();

    /** What it can do under {@link #settings()}. */
    protected abstract Capabilities capabilities();

    /** Values of its settings, by key. If not overridden, all defaults. */
    protected Map<String, String> settings() {
        return Map.of();
    }

    /** Settings that are allowed one by one and do not go together. If not overridden, P702 is skipped. */
    protected List<Map<String, String>> conflictingSettings() {
        return List.of();
    }

    /**
     * Where {@link java.util.ServiceLoader} looks for the provider. If not overridden, where its class comes from;
     * empty for one that is handed to hosts directly, which skips P102.
     */
    protected Optional<ClassLoader> path() {
        return Optional.of(provider().getClass().getClassLoader());
    }

    /** Types of weights on which results are compared. If not overridden, all, also those it does not claim to take. */
    protected Set<TensorType> types() {
        return Capabilities.ALL_TYPES;
    }

    /**
     * The dense operators that the provider is given to delegate to. If not overridden, those of the kit; a host whose
     * own dense operators are to be tested returns these instead.
     *
     * @param model one of the kit's models
     * @param ofKit exact operators in F64
     */
    protected DenseOperators dense(ModelDescription model, DenseOperators ofKit) {
        return ofKit;
    }

    @BeforeEach
    final void makeSubject() throws IOException {
        Path own = Files.createTempDirectory(folder, "rule");
        subject = new Subject(provider(), this::provider, settings(), capabilities(), this::dense, own);
    }

    // P1: what a provider says about itself

    @Test
    @Rule(
            number = "P101",
            sentence = "The id is a lower-case letter, then lower-case letters, digits and hyphens, and never changes.",
            reason = "Users type it, settings begin with it, and hosts compare it.")
    final void p101_idIsWellFormed() {
        new DiscoveryRules(subject.provider()).id();
    }

    @Test
    @Rule(
            number = "P102",
            sentence = "ServiceLoader finds the provider and can instantiate it.",
            reason = "A jar dropped on the path must work without any further step.")
    final void p102_isFoundByServiceLoader() {
        Optional<ClassLoader> path = path();
        Assumptions.assumeTrue(path.isPresent(), "the provider is not meant to be found");
        new DiscoveryRules(subject.provider()).found(path.get());
    }

    @Test
    @Rule(
            number = "P103",
            sentence = "apiLevel() is the level of the SPI the provider was compiled against.",
            reason = "A host refuses other levels with a message, which is better than a NoSuchMethodError at"
                    + " run time.")
    final void p103_apiLevelIsCurrent() {
        new DiscoveryRules(subject.provider()).apiLevel();
    }

    @Test
    @Rule(
            number = "P104",
            sentence = "The provider's class has no type of the Vector API in fields, supertypes or signatures.",
            reason = "Without --add-modules jdk.incubator.vector the class would not even load, and could not say why.")
    final void p104_classLoadsWithoutVectorApi() {
        new DiscoveryRules(subject.provider()).loadsAnywhere();
    }

    @Test
    @Rule(
            number = "P105",
            sentence = "availability() answers, always the same; if it cannot work here, with a reason.",
            reason = "It is asked before anything else, and what it says is all that the user gets to know.")
    final void p105_availabilityAnswers() {
        new DiscoveryRules(subject.provider()).availability();
    }

    @Test
    @Rule(
            number = "P106",
            sentence = "The description is at most one line, without a full stop.",
            reason = "It is printed in listings.")
    final void p106_descriptionIsOneLine() {
        new DiscoveryRules(subject.provider()).listing();
    }

    // P2: plan and prepare

    @Test
    @Rule(
            number = "P201",
            sentence = "plan() gives the same answer for the same arguments.",
            reason = "Hosts plan once to show what would happen, and again to do it.")
    final void p201_planIsAFunction() {
        new PlanningRules(subject).sameAnswer();
    }

    @Test
    @Rule(
            number = "P202",
            sentence = "plan() reads no weights.",
            reason = "A host plans for models of many gigabytes that it may never run.")
    final void p202_planReadsNoWeights() {
        new PlanningRules(subject).readsNoWeights();
    }

    @Test
    @Rule(
            number = "P203",
            sentence = "Every operator among the capabilities is taken, for every type, activation and shape.",
            reason = "A provider that has lost a format would otherwise pass, having nothing to test.")
    final void p203_takesWhatItClaims() {
        new PlanningRules(subject).takesWhatItClaims();
    }

    @Test
    @Rule(
            number = "P204",
            sentence = "What cannot be served is refused at plan time, with a reason that names what was met.",
            reason = "Found out later, it is an exception in the middle of a text.")
    final void p204_refusesWithReasons() {
        new PlanningRules(subject).refusesWithReasons();
    }

    @Test
    @Rule(
            number = "P205",
            sentence = "Sessions have exactly the operators of the plan that prepare() was given, which may be fewer.",
            reason = "Another provider may have been preferred for the others.")
    final void p205_preparesWhatIsWanted() {
        new PlanningRules(subject).preparesWhatIsWanted();
    }

    @Test
    @Rule(
            number = "P206",
            sentence = "One instance serves two models at the same time.",
            reason = "A provider has no state; hosts keep one instance for all models and comparisons.")
    final void p206_servesSeveralModels() {
        new PlanningRules(subject).servesSeveralModels();
    }

    // P3: results

    @TestFactory
    @Tag(NUMERICS)
    @Rule(
            number = "P301",
            sentence = "Projections that declare to be exact give W·x, for every type, shape, batch and phase.",
            reason = "A wrong number in one format or at one odd size spoils texts without any other sign.")
    final Stream<DynamicTest> p301_projectionsAreRight() {
        return comparisons.tests(subject, types(), NumericsRules.Group.EXACT_PROJECTIONS);
    }

    @TestFactory
    @Tag(NUMERICS)
    @Rule(
            number = "P302",
            sentence = "Feed-forward blocks that declare to be exact give down(act(gate·x) ⊙ up·x).",
            reason = "As for projections.")
    final Stream<DynamicTest> p302_feedForwardBlocksAreRight() {
        return comparisons.tests(subject, types(), NumericsRules.Group.EXACT_BLOCKS);
    }

    @Test
    @Tag(NUMERICS)
    @Rule(
            number = "P303",
            sentence = "Activations are right, on the channels asked for and on no other.",
            reason = "Several workers call them at the same time, each for a range.")
    final void p303_activationsAreRight() {
        new NumericsRules(subject).activations();
    }

    @TestFactory
    @Tag(NUMERICS)
    @Rule(
            number = "P304",
            sentence = "Operators that approximate give what their declared approximation gives in F64, no more"
                    + " and no less.",
            reason = "Mask and compensation are what users choose a method for; a provider that does something else is"
                    + " measured under a wrong name.")
    final Stream<DynamicTest> p304_approximationsAreAsDeclared() {
        return comparisons.tests(subject, types(), NumericsRules.Group.APPROXIMATE);
    }

    @Test
    @Tag(NUMERICS)
    @Rule(
            number = "P305",
            sentence = "NaN and infinities in a row reach that row's output, and no other's.",
            reason = "A fault upstream must show, and must not spread to other texts in the batch.")
    final void p305_notFiniteStaysInItsRow() {
        new NumericsRules(subject).notFinite();
    }

    @Test
    @Tag(NUMERICS)
    @Rule(
            number = "P306",
            sentence = "NaN and infinities among weights reach the outputs of exact operators that they belong to, and"
                    + " no other.",
            reason = "A damaged file must show. Codes of infinities are easily taken for large numbers.")
    final void p306_notFiniteWeightsStayInTheirOutputs() {
        new NumericsRules(subject).notFiniteWeights(types());
    }

    // P4: nothing but the result

    @Test
    @Rule(
            number = "P401",
            sentence = "Operators never change their input.",
            reason = "Hosts give the same array to several operators, query, key and value among them.")
    final void p401_inputsAreUntouched() {
        new PurityRules(subject).inputsUntouched();
    }

    @Test
    @Rule(
            number = "P402",
            sentence = "Nothing is written behind the output.",
            reason = "Arrays may be longer than the batch needs, and hold something else there.")
    final void p402_nothingElseIsWritten() {
        new PurityRules(subject).nothingElseWritten();
    }

    @Test
    @Rule(
            number = "P403",
            sentence = "All of the output is overwritten, whatever it held.",
            reason = "Hosts do not clear arrays between tokens.")
    final void p403_allIsOverwritten() {
        new PurityRules(subject).allOverwritten();
    }

    @Test
    @Rule(
            number = "P404",
            sentence = "What is behind the input does not matter.",
            reason = "There are rows of an earlier, larger batch.")
    final void p404_nothingElseIsRead() {
        new PurityRules(subject).nothingElseRead();
    }

    @Test
    @Rule(
            number = "P405",
            sentence = "The same input gives the same bits, whatever the session computed before.",
            reason = "Otherwise a text depends on those before it, and no fault can be reproduced.")
    final void p405_historyDoesNotMatter() {
        new PurityRules(subject).noHistory();
    }

    @Test
    @Rule(
            number = "P406",
            sentence = "The model's weights are never written.",
            reason = "They are a mapping of the user's file, and other providers read them.")
    final void p406_weightsAreUntouched() {
        new PurityRules(subject).weightsUntouched();
    }

    // P5: threads

    @Test
    @Tag(NUMERICS)
    @Rule(
            number = "P501",
            sentence = "1, 2, 3 and 4 threads give the same bits, in preparing and in running.",
            reason = "A text must not depend on the machine it was written on.")
    final void p501_anyNumberOfThreadsGivesTheSame() {
        new ThreadRules(subject).anyNumber();
    }

    @Test
    @Rule(
            number = "P502",
            sentence = "The order in which parts run does not matter.",
            reason = "Worker groups give parts to whoever is free.")
    final void p502_anyOrderOfPartsGivesTheSame() {
        new ThreadRules(subject).anyOrder();
    }

    @Test
    @Rule(
            number = "P503",
            sentence = "Sessions that run at the same time give what each gives alone.",
            reason = "Scratch shared by accident mixes the texts of two users.")
    final void p503_sessionsDoNotSeeEachOther() throws Exception {
        new ThreadRules(subject).sessionsAtTheSameTime();
    }

    @Test
    @Rule(
            number = "P504",
            sentence = "No region is entered from inside a part of another.",
            reason = "With most worker groups that is a deadlock, now and then.")
    final void p504_regionsAreNotNested() {
        new ThreadRules(subject).notNested();
    }

    @Test
    @Rule(
            number = "P505",
            sentence = "The provider starts no threads.",
            reason = "Two pools on one machine are slower than either, and --threads would not hold.")
    final void p505_startsNoThreads() {
        new ThreadRules(subject).noneOfItsOwn();
    }

    // P6: memory and files

    @Test
    @Rule(
            number = "P601",
            sentence = "Once compiled, operators allocate nothing.",
            reason = "Garbage of each token means pauses, and vectors on the heap are a tenth of the speed.")
    final void p601_allocatesNothing() {
        new MemoryRules(subject).noAllocation();
    }

    @Test
    @Rule(
            number = "P602",
            sentence = "close() may be called twice; afterwards newSession() throws IllegalStateException.",
            reason = "Unmapped memory must be met by an exception, not by a crash.")
    final void p602_closedIsClosed() {
        new MemoryRules(subject).closed();
    }

    @Test
    @Rule(
            number = "P603",
            sentence = "After close() nothing keeps the operators reachable, and no file mapped.",
            reason = "Hosts open and close models; repacked weights are as large as the model.")
    final void p603_closeReleases() throws Exception {
        new MemoryRules(subject).released();
    }

    @Test
    @Rule(
            number = "P604",
            sentence = "A cache folder that cannot be made changes nothing but the time it takes.",
            reason = "Disks are full, read-only or gone on machines that serve.")
    final void p604_worksWithoutCache() throws Exception {
        new MemoryRules(subject).worksWithoutCache();
    }

    @Test
    @Rule(
            number = "P605",
            sentence = "What was cached gives the same bits as what is made anew.",
            reason = "Otherwise the second start of a program gives another text than the first.")
    final void p605_cacheChangesNothing() {
        new MemoryRules(subject).cacheChangesNothing();
    }

    @Test
    @Rule(
            number = "P606",
            sentence = "Progress stays within its total and is closed; notices are one line.",
            reason = "They are drawn as bars and lists.")
    final void p606_progressIsWellFormed() {
        new MemoryRules(subject).progress();
    }

    // P7: settings

    @Test
    @Rule(
            number = "P701",
            sentence = "Each setting is declared once, with the provider's id before its key and a line of help.",
            reason = "Hosts give a provider the settings that begin with its id, and print the help.")
    final void p701_settingsAreDeclaredWell() {
        new SettingsRules(subject).declarations();
    }

    @Test
    @Rule(
            number = "P702",
            sentence = "Values that do not go together are a SettingsException that names a key.",
            reason = "A setting that is silently ignored is a wrong measurement.")
    final void p702_conflictsAreErrors() {
        new SettingsRules(subject).conflicts(conflictingSettings());
    }

    @Test
    @Rule(
            number = "P703",
            sentence = "System properties are not read.",
            reason = "Two settings could not run side by side in one JVM.")
    final void p703_systemPropertiesAreNotRead() {
        new SettingsRules(subject).noSystemProperties();
    }

    @Test
    @Rule(
            number = "P704",
            sentence = "Every allowed value is accepted at plan time, or refused with a SettingsException that"
                    + " names its key.",
            reason = "What the declaration allows, users will give.")
    final void p704_allowedValuesAreAccepted() {
        new SettingsRules(subject).everyAllowedValue();
    }

    // P8: approximations

    @Test
    @Rule(
            number = "P801",
            sentence = "Projections declare approximations of their input, feed-forward blocks of their hidden"
                    + " activations.",
            reason = "Others cannot be checked.")
    final void p801_approximationFitsTheOperator() {
        new ApproximationRules(subject).fitsTheOperator();
    }

    @Test
    @Rule(
            number = "P802",
            sentence = "A declared approximation is a function: the same answer for the same values, nothing else"
                    + " changed.",
            reason = "It is the specification of an operator.")
    final void p802_approximationIsAFunction() {
        new ApproximationRules(subject).isAFunction();
    }

    @Test
    @Rule(
            number = "P803",
            sentence = "Usage, where it is counted, adds up: rows and channels of all phases, bytes and rows of"
                    + " DECODE; no more counts as left out than the declared approximation leaves out.",
            reason = "Reports on sparsity and weight traffic are made of it.")
    final void p803_usageAddsUp() {
        new ApproximationRules(subject).usage();
    }

    @Test
    @Rule(
            number = "P804",
            sentence = "A declared approximation changes something; what changes nothing is declared to be exact.",
            reason = "A method that has lost its mask would otherwise pass, and look like the best of all.")
    final void p804_approximationChangesSomething() {
        new ApproximationRules(subject).changesSomething();
    }

    // P9: learning from text

    @Test
    @Rule(
            number = "P901",
            sentence = "Equal calibrations give equal profiles, to the byte, on any number of threads; less text"
                    + " gives another.",
            reason = "Otherwise a result cannot be repeated by anybody else.")
    final void p901_equalRequestsGiveEqualBytes() throws Exception {
        new CalibrationRules(subject).equalRequestsGiveEqualBytes();
    }

    @Test
    @Rule(
            number = "P902",
            sentence = "Profiles of shards, merged in any order, are that of the whole text, to the byte.",
            reason = "Calibrating a large model is work for several machines.")
    final void p902_shardsMakeOne() throws Exception {
        new CalibrationRules(subject).shardsMakeOne();
    }

    @Test
    @Rule(
            number = "P903",
            sentence = "A calibration that was broken off and resumed gives the profile of one that was not.",
            reason = "It takes hours, and machines are switched off.")
    final void p903_interruptionsLeaveNoTrace() throws Exception {
        new CalibrationRules(subject).interruptionsLeaveNoTrace();
    }

    @Test
    @Rule(
            number = "P904",
            sentence = "What cannot be learnt from or merged is a ProviderException with a message, and leaves no"
                    + " profile.",
            reason = "A profile of nothing, or of two models, spoils texts without any other sign.")
    final void p904_nonsenseIsRefused() throws Exception {
        new CalibrationRules(subject).nonsenseIsRefused();
    }

    @Test
    @Rule(
            number = "P905",
            sentence = "A profile can be described, which does not change it; what is none, or half of one, is a"
                    + " ProviderException.",
            reason = "Users look at profiles to see what they have.")
    final void p905_profilesAreDescribed() throws Exception {
        new CalibrationRules(subject).describes();
    }
}
