package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.kernels.gguf.GgufWriter;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Report;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileFileTest {

    @TempDir
    Path folder;

    private Path file;
    private byte[] bytes;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("profile.gguf");
        BitSet done = new BitSet();
        done.set(0, 3);
        Provenance made = new Provenance("small", "0123", "abcd", 200, 64, 0, 3, done);
        RandomWeights random = new RandomWeights(1);
        ProfileFile.write(
                new Profile(made, 0, List.of(new Profile.Layer(
                        place(Site.FEED_FORWARD, 48, random),
                        place(Site.QUERY, 32, random),
                        place(Site.OUTPUT, 32, random)))),
                file);
        bytes = Files.readAllBytes(file);
    }

    private static Profile.Place place(Site site, int channels, RandomWeights random) {
        SiteStatistics seen = new SiteStatistics(site, site.grid(0), channels);
        float[] values = random.gaussian(3 * 64 * channels);
        if (site == Site.FEED_FORWARD) {
            seen.recordHidden(values, values, random.gaussian(values.length), 3 * 64, 0, channels);
        } else {
            seen.recordInputs(values, 3 * 64, 0, channels);
        }
        ShiftStatistics shift = new ShiftStatistics(
                new Random(channels).ints((long) ShiftStatistics.HISTOGRAMS * Magnitudes.BINS, 0, 99).toArray());
        return new Profile.Place(seen, random.gaussian(channels), shift);
    }

    @Test
    void whatIsReadIsWrittenToTheSameBytes() throws IOException {
        Path copy = folder.resolve("copy.gguf");
        ProfileFile.write(ProfileFile.read(file), copy);
        assertThat(Files.readAllBytes(copy)).isEqualTo(bytes);
    }

    @Test
    void aProfileCutShortAnywhereIsRefused() throws IOException {
        Path cut = folder.resolve("cut.gguf");
        Random random = new Random(2);
        for (int i = 0; i < 200; i++) {
            int length = i == 0 ? 0 : i == 1 ? bytes.length - 33 : random.nextInt(bytes.length - 33);
            Files.write(cut, Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> ProfileFile.read(cut))
                    .as("%d of %d bytes", length, bytes.length)
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContaining("cut.gguf");
        }
    }

    @Test
    void aFlippedBitAmongTheNumbersIsNoticed() throws IOException {
        Path flipped = folder.resolve("flipped.gguf");
        Random random = new Random(3);
        for (int i = 0; i < 50; i++) {
            byte[] damaged = bytes.clone();
            damaged[bytes.length - 64 - random.nextInt(bytes.length / 2)] ^= (byte) (1 << random.nextInt(8));
            Files.write(flipped, damaged);
            assertThatThrownBy(() -> ProfileFile.read(flipped))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContaining("damaged")
                    .hasMessageContaining("calibrate again");
        }
    }

    @Test
    void aFlippedBitAnywhereIsRefusedOrChangesOnlyWords() throws IOException {
        Path flipped = folder.resolve("flipped.gguf");
        Profile original = ProfileFile.read(file);
        Random random = new Random(4);
        int header = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("blk.0.ffn.norms");
        for (int i = 0; i < 2000; i++) {
            byte[] damaged = bytes.clone();
            damaged[random.nextInt(header + 1000)] ^= (byte) (1 << random.nextInt(8));
            Files.write(flipped, damaged);
            try {
                Profile read = ProfileFile.read(flipped);
                assertThat(read.layers().getFirst().query().seen().counts())
                        .isEqualTo(original.layers().getFirst().query().seen().counts());
            } catch (ProviderException refused) {
                assertThat(refused).hasMessageContaining("flipped.gguf");
            }
        }
    }

    @Test
    void otherVersionsAreRefusedByName() throws IOException {
        byte[] key = "chess.version".getBytes(StandardCharsets.UTF_8);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("chess.version") + key.length + 4;
        assertThat(bytes[at]).isEqualTo((byte) ProfileFile.VERSION);
        for (int difference : new int[] {-1, 1}) {
            byte[] other = bytes.clone();
            other[at] += (byte) difference;
            Files.write(file, other);
            assertThatThrownBy(() -> ProfileFile.read(file))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContaining("profile.gguf has version " + (ProfileFile.VERSION + difference))
                    .hasMessageContaining("reads " + ProfileFile.VERSION)
                    .hasMessageEndingWith(difference > 0 ? "take a newer plugin, or calibrate again" : ": calibrate again");
        }
    }

    @Test
    void aFileOfAnotherKindIsRefused() throws IOException {
        Path other = folder.resolve("other.gguf");
        new GgufWriter().string("general.type", "model").write(other);
        assertThatThrownBy(() -> ProfileFile.read(other))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("is no profile");
        assertThatThrownBy(() -> ProfileFile.read(folder.resolve("missing.gguf")))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("missing.gguf");
    }

    @Test
    void aProfileOfAnotherModelIsRefused() {
        SmallLlama other = SmallLlama.random(TensorType.F32, 1, 32, 48, 2, 2, 0x123);
        assertThatThrownBy(() -> ProfileFile.read(file).requireFor(other.description(), "profile.gguf"))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("belongs to another model")
                .hasMessageContaining(other.description().fingerprint());
    }

    @Test
    void aProfileOfAnotherShapeIsRefusedEvenIfTheFingerprintFits() {
        ModelDescription small = SmallLlama.random(TensorType.F32, 1, 32, 48, 2, 2, 1).description();
        ModelDescription wide = SmallLlama.random(TensorType.F32, 1, 32, 64, 2, 2, 1).description();
        ProfileFile.read(file).requireFor(named(small), "profile.gguf");
        assertThatThrownBy(() -> ProfileFile.read(file).requireFor(named(wide), "profile.gguf"))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("damaged");
    }

    private static ModelDescription named(ModelDescription d) {
        return new ModelDescription(
                d.name(), d.architecture(), "0123", d.shape(), d.activation(), d.layers(), d.output());
    }

    @Test
    void aProfileWithoutWindowsOrWithOtherLayersIsDamaged() {
        ModelDescription small = SmallLlama.random(TensorType.F32, 1, 32, 48, 2, 2, 1).description();
        ModelDescription deep = SmallLlama.random(TensorType.F32, 2, 32, 48, 2, 2, 1).description();
        Profile profile = ProfileFile.read(file);
        Profile empty = profile.with(new Provenance("small", "0123", "abcd", 200, 64, 0, 3, new BitSet()));
        assertThatThrownBy(() -> empty.requireFor(named(small), "profile.gguf"))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("The profile profile.gguf does not have the shape of random, or is empty");
        assertThatThrownBy(() -> profile.requireFor(named(deep), "profile.gguf"))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("does not have the shape");
    }

    /** CRC-32C, worked out apart from Java. */
    @Test
    void aMarkTellsProfilesOfOtherTextsAndBudgetsApart() {
        Profile profile = ProfileFile.read(file);
        assertThat(profile.mark()).isEqualTo("8fd868f4");
        Budget budget = new Budget("kl=1", "a test", new float[] {0.25f, 0.5f, 0.75f}, 0.5, 1.25, 0.5, 0.75);
        assertThat(profile.with(budget).mark()).isEqualTo("460da2de");
        assertThat(profile.with(budget).with(profile.provenance()).budget()).hasValue(budget);
    }

    @Test
    void profilesAddUpPlaceByPlaceUnlessTheirShapesDiffer() {
        Profile one = ProfileFile.read(file);
        BitSet others = new BitSet();
        others.set(1);
        Provenance made = new Provenance("small", "0123", "abcd", 200, 64, 0, 3, others);
        BitSet first = new BitSet();
        first.set(0);
        Profile left = one.with(new Provenance("small", "0123", "abcd", 200, 64, 0, 3, first));
        Profile right = ProfileFile.read(file).with(made);
        int[] counts = one.layers().getFirst().output().seen().counts().clone();
        int[] shift = one.layers().getFirst().output().shift().counts().clone();
        Profile sum = left.plus(right);
        assertThat(sum.provenance().doneRanges()).isEqualTo("0-1");
        assertThat(sum.layers().getFirst().output().seen().counts())
                .isEqualTo(Arrays.stream(counts).map(count -> 2 * count).toArray());
        assertThat(sum.layers().getFirst().output().shift().counts())
                .isEqualTo(Arrays.stream(shift).map(count -> 2 * count).toArray());
        Profile wide = new Profile(made, 0, List.of(new Profile.Layer(
                right.layers().getFirst().feedForward(),
                right.layers().getFirst().query(),
                place(Site.OUTPUT, 16, new RandomWeights(2)))));
        Profile fine = new Profile(made, 1, right.layers());
        for (Profile strange : List.of(wide, fine)) {
            assertThatThrownBy(() -> left.plus(strange))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContaining("differ in shape");
        }
    }

    /** For each channel four bytes a bin, and 16 a group: 1326 · 24,656 + 538 · 32,784 bytes are 48 MiB. */
    @Test
    void binsAreAsFineAsTheyMayBeForFortyEightMebibytes() {
        try (Threads threads = new Threads(1)) {
            ColumnNorms norms = new ColumnNorms(TestDense.KERNELS, threads);
            assertThat(Profile.empty(flat(1326), null, norms).resolution()).isEqualTo(8);
            assertThat(Profile.empty(flat(1327), null, norms).resolution()).isEqualTo(7);
        }
    }

    private static ModelDescription flat(int ffn) {
        RandomWeights random = new RandomWeights(1);
        Tensor attention = random.tensor("attention", TensorType.F32, 1, 269);
        Tensor down = random.tensor("down", TensorType.F32, 1, ffn);
        ModelDescription d = SmallLlama.random(TensorType.F32, 1, 32, 48, 2, 2, 1).description();
        LayerWeights weights =
                new LayerWeights(attention, attention, attention, attention, attention, attention, down);
        return new ModelDescription(
                d.name(), d.architecture(), d.fingerprint(), d.shape(), d.activation(), List.of(weights), d.output());
    }

    @Test
    void aBudgetIsKeptAndOneThatCannotBeIsRefused() throws IOException {
        Profile profile = ProfileFile.read(file);
        Budget budget = new Budget("kl=1", "a test", new float[] {0, 0.5f, 0.95f}, 0.5, 1.25, 0.375, 0.75);
        ProfileFile.write(profile.with(budget), file);
        Budget read = ProfileFile.read(file).budget().orElseThrow();
        assertThat(read.shares()).containsExactly(0, 0.5f, 0.95f);
        assertThat(read.inWords()).isEqualTo(budget.inWords());
        for (float wrong : new float[] {-0.01f, 0.951f, Float.NaN}) {
            float[] shares = {0.5f, 0.5f, wrong};
            ProfileFile.write(profile.with(new Budget("kl=1", "a test", shares, 0, 1, 0, 0)), file);
            assertThatThrownBy(() -> ProfileFile.read(file))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContaining("damaged: its budget has a share of " + wrong);
        }
    }

    /** What check sums cannot tell, since they fit. */
    @Test
    void channelsThatWereNotCountedAtEveryPositionAreDamaged() throws IOException {
        Profile profile = ProfileFile.read(file);
        SiteStatistics seen = profile.layers().getFirst().output().seen();
        seen.counts()[31 * seen.grid().bins() + 3]++;
        ProfileFile.write(profile, file);
        assertThatThrownBy(() -> ProfileFile.read(file))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("a channel of attn_output was counted at 193 of 192 positions");
    }

    /** Thresholds, means and norms of these statistics, with the figures taken from what they are made of. */
    @Test
    void aReportListsWhatFollowsFromAProfile() throws IOException {
        Profile profile = ProfileFile.read(file).with(new Budget(
                "kl=1", "a test", new float[] {0.25f, 0.5f, 0.75f}, 0.5, 1.25, 0.5, 0.75));
        ChessSettings settings = ChessSettings.of(new Settings(
                ChessSettings.declared(), Map.of(ChessSettings.SPARSITY, "auto", ChessSettings.THRESHOLDS, "plain")));
        Report report = new ProfileReport(profile, settings).report();
        assertThat(report.facts()).containsExactly(
                Map.entry("model", "small"),
                Map.entry("fingerprint", "0123"),
                Map.entry("layers", "1"),
                Map.entry("text", "200 tokens, SHA-256 of their ids abcd"),
                Map.entry("windows", "0-2 of 3, of 64 tokens each, seed 0"),
                Map.entry("positions", "192"),
                Map.entry("budget", profile.budget().orElseThrow().inWords()),
                Map.entry("resolution", "0 of 8"));
        Report.Table table = report.tables().getFirst();
        assertThat(table.title()).startsWith("Thresholds by chess+, sparsity auto, attention auto");
        assertThat(table.rows()).hasSize(3);
        for (Site site : Site.values()) {
            List<Object> row = table.rows().get(site.ordinal());
            double share = 0.25 + 0.25 * site.ordinal();
            Profile.Place place = profile.layers().getFirst().at(site);
            Selection selection = settings.select(site, place, 192, share);
            double[] limits = new double[selection.channels()];
            Arrays.setAll(limits, i -> selection.upper()[i]);
            Arrays.sort(limits);
            double norm = 0;
            double weight = 0;
            for (int i = 0; i < limits.length; i++) {
                norm += Math.abs((double) selection.substitutes()[i]) * place.norms()[i];
                weight += Method.CHESS_PLUS.weights(site, place, 192, false)[i] / limits.length;
            }
            assertThat(row.subList(0, 4)).containsExactly(0L, site.key(), share, selection.share());
            assertThat((double) row.get(4)).isEqualTo(settings.drift(site, place, share));
            assertThat(row.get(5)).isEqualTo(1.0);
            assertThat(row.get(6)).isEqualTo(selection.tau());
            assertThat(row.subList(7, 10)).containsExactly(limits[0], limits[limits.length / 2], limits[limits.length - 1]);
            assertThat((double) row.get(10)).isCloseTo(norm, within(1e-6 * Math.abs(norm)));
            assertThat((double) row.get(11)).isCloseTo(weight, within(1e-9 * Math.abs(weight)));
        }
        assertThat(new ProfileReport(ProfileFile.read(file), settings.at(0.5)).report().facts()).doesNotContainKey("budget");
    }

    @Test
    void windowsReadAreKeptAsRanges() {
        BitSet done = new BitSet();
        done.set(0, 4);
        done.set(8);
        done.set(10, 12);
        Provenance made = new Provenance("m", "f", "t", 1, 2, 3, 12, done);
        assertThat(made.doneRanges()).isEqualTo("0-3,8,10-11");
        assertThat(Provenance.parseRanges("0-3,8,10-11", 12)).isEqualTo(done);
        assertThat(Provenance.parseRanges("", 12)).isEqualTo(new BitSet());
        for (String wrong : new String[] {"x", "1-", "3-1", "12", "-1", "1,,2", "1--2", "-2-1", "3-12"}) {
            assertThatThrownBy(() -> Provenance.parseRanges(wrong, 12)).isInstanceOf(NumberFormatException.class);
        }
        done.clear();
        done.set(4);
        done.set(11);
        assertThat(Provenance.parseRanges("4-4,11", 12)).isEqualTo(done);
    }

    @Test
    void aProvenanceSaysInWordsHowItWasMadeAndCountsPositions() {
        BitSet done = new BitSet();
        done.set(1, 4);
        Provenance made = new Provenance("m", "f", "0123456789abcdef", 1000, 1 << 10, 3, 12, done);
        assertThat(made).hasToString("model m, text 01234567 (1000 ids), window 1024, seed 3, windows 1-3 of 12");
        assertThat(made.positions()).isEqualTo(3072);
    }

    @Test
    void profilesAreOfTheSameWorkOnlyIfAllOfItIsTheSame() {
        Provenance made = new Provenance("m", "f", "t", 1, 2, 3, 12, BitSet.valueOf(new long[] {0b0011}));
        Provenance other = new Provenance("n", "f", "t", 1, 2, 3, 12, BitSet.valueOf(new long[] {0b1100}));
        assertThat(made.sameWork(other)).isTrue();
        assertThat(made.plus(other).doneRanges()).isEqualTo("0-3");
        assertThat(made.doneRanges()).isEqualTo("0-1");
        assertThat(other.doneRanges()).isEqualTo("2-3");
        for (Provenance wrong : List.of(
                new Provenance("m", "x", "t", 1, 2, 3, 12, new BitSet()),
                new Provenance("m", "f", "x", 1, 2, 3, 12, new BitSet()),
                new Provenance("m", "f", "t", 9, 2, 3, 12, new BitSet()),
                new Provenance("m", "f", "t", 1, 9, 3, 12, new BitSet()),
                new Provenance("m", "f", "t", 1, 2, 9, 12, new BitSet()),
                new Provenance("m", "f", "t", 1, 2, 3, 99, new BitSet()))) {
            assertThat(made.sameWork(wrong)).as("%s", wrong).isFalse();
            assertThatThrownBy(() -> made.plus(wrong))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContaining("do not belong together")
                    .hasMessageContaining("window 2, seed 3, windows 0-1 of 12");
        }
        assertThatThrownBy(() -> made.plus(new Provenance("m", "f", "t", 1, 2, 3, 12, BitSet.valueOf(new long[] {0b0110}))))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("Window 1 is in more than one");
    }
}
