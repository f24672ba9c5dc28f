package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.gguf.GgufWriter;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
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
