package dev.sparsellm.chess;

import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import dev.sparsellm.kernels.gguf.GgufTensor;
import dev.sparsellm.kernels.gguf.GgufWriter;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Profiles as GGUF files with {@code general.type = chess-profile}. For each layer N and place P of it
 * ({@code ffn}, {@code attn_q}, {@code attn_output}):
 *
 * <ul>
 *   <li>{@code blk.N.P.counts}, I32 {@code [channels][bins]}: how often the gate (ffn), or the input, fell into a bin
 *       of the {@link Grid};
 *   <li>{@code blk.N.P.norms}, F32 {@code [channels]}: the norm of each column of the matrix;
 *   <li>{@code blk.N.P.shift}, I32 {@code [histograms][magnitudes]}: how values shift, see {@link ShiftStatistics};
 *   <li>{@code blk.N.ffn.sums}, I64 {@code [channels][groups]}: hidden activations by group of bins, in 2^-30;
 *   <li>{@code blk.N.ffn.squares}, I64 {@code [channels][groups]}: squares of up by group of bins, in 2^-28;
 *   <li>{@code budget.shares}, F32 {@code [layers][places]}, and {@code budget.measured}, F32 {@code [4]}, where a budget
 *       was found: see {@link Budget};
 *   <li>{@code blk.N.ffn.up_abs} and {@code .up_square}, I64 {@code [2][channels]}: whole parts and 2^-64ths.
 * </ul>
 */
final class ProfileFile {

    /**
     * Of this layout, raised whenever it changes. Files of other versions are refused, not guessed at: what a profile
     * holds can be had again.
     */
    static final int VERSION = 2;

    private static final String TYPE = "chess-profile";
    private static final int MAX_LAYERS = 4096;

    private final Path file;
    private final Gguf gguf;

    private ProfileFile(Path file, Gguf gguf) {
        this.file = file;
        this.gguf = gguf;
    }

    /** Writes a profile; its bytes depend on nothing else. */
    static void write(Profile profile, Path file) throws IOException {
        List<ProfileTensor> tensors = tensors(profile);
        CRC32C crc = new CRC32C();
        for (ProfileTensor tensor : tensors) {
            tensor.writeTo(crc::update);
        }
        Provenance made = profile.provenance();
        GgufWriter writer = new GgufWriter()
                .string("general.architecture", TYPE)
                .string("general.type", TYPE)
                .string("general.name", made.modelName())
                .uint32("chess.version", VERSION)
                .string("chess.model.fingerprint", made.fingerprint())
                .string("chess.text.sha256", made.textHash())
                .uint64("chess.text.tokens", made.textTokens())
                .uint32("chess.window", made.window())
                .int64("chess.seed", made.seed())
                .uint32("chess.windows", made.windows())
                .string("chess.windows.done", made.doneRanges())
                .uint64("chess.positions", made.positions())
                .uint32("chess.layers", profile.layers().size())
                .uint32("chess.resolution", profile.resolution())
                .uint32("chess.crc32c", crc.getValue());
        profile.budget().ifPresent(budget -> writer
                .string("chess.budget.target", budget.target())
                .string("chess.budget.found", budget.found()));
        for (ProfileTensor tensor : tensors) {
            writer.tensor(tensor.name(), tensor.type(), tensor.dimensions(), channel -> tensor.writeTo(buffer -> {
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }));
        }
        writer.write(file);
    }

    /**
     * Reads a profile.
     *
     * @throws ProviderException if it is missing, damaged, no profile, or of another version
     */
    static Profile read(Path file) {
        try (Gguf gguf = Gguf.open(file)) {
            return new ProfileFile(file, gguf).read();
        } catch (GgufException e) {
            throw new ProviderException("The profile " + file + " cannot be read: " + e.getMessage()
                    + "; calibrate again, or name another with chess.profile", e);
        }
    }

    private static List<ProfileTensor> tensors(Profile profile) {
        List<ProfileTensor> tensors = new ArrayList<>();
        for (int layer = 0; layer < profile.layers().size(); layer++) {
            for (Site site : Site.values()) {
                Profile.Place place = profile.layers().get(layer).at(site);
                SiteStatistics seen = place.seen();
                String prefix = prefix(layer, site);
                long channels = seen.channels();
                tensors.add(ProfileTensor.of(prefix + "norms", List.of(channels), place.norms()));
                tensors.add(ProfileTensor.of(
                        prefix + "shift",
                        List.of((long) Magnitudes.BINS, (long) ShiftStatistics.HISTOGRAMS),
                        place.shift().counts()));
                tensors.add(ProfileTensor.of(
                        prefix + "counts", List.of((long) seen.grid().bins(), channels), seen.counts()));
                if (site == Site.FEED_FORWARD) {
                    tensors.add(ProfileTensor.of(
                            prefix + "sums", List.of((long) seen.grid().groups(), channels), seen.sums()));
                    tensors.add(ProfileTensor.of(
                            prefix + "squares", List.of((long) seen.grid().groups(), channels), seen.squares()));
                    tensors.add(ProfileTensor.of(
                            prefix + "up_abs", List.of(channels, 2L), seen.upMagnitudes().words()));
                    tensors.add(ProfileTensor.of(
                            prefix + "up_square", List.of(channels, 2L), seen.upSquares().words()));
                }
            }
        }
        profile.budget().ifPresent(budget -> {
            tensors.add(ProfileTensor.of(
                    "budget.shares",
                    List.of((long) Site.values().length, (long) profile.layers().size()),
                    budget.shares()));
            float[] measured = {
                (float) budget.kl(), (float) budget.perplexityRatio(), (float) budget.skipped(), (float) budget.uniformKl()
            };
            tensors.add(ProfileTensor.of("budget.measured", List.of((long) measured.length), measured));
        });
        return tensors;
    }

    private static String prefix(int layer, Site site) {
        return "blk." + layer + "." + site.key() + ".";
    }

    private Profile read() {
        GgufMetadata metadata = gguf.metadata();
        if (!metadata.string("general.type").orElse("").equals(TYPE)) {
            throw new ProviderException("The file " + file + " is no profile: its general.type is '"
                    + metadata.string("general.type").orElse("") + "'; name one made by calibrate");
        }
        int version = metadata.requireInteger("chess.version", 1, Integer.MAX_VALUE);
        if (version != VERSION) {
            throw new ProviderException("The profile " + file + " has version " + version + ", and this plugin reads "
                    + VERSION + ": " + (version > VERSION ? "take a newer plugin, or calibrate again" : "calibrate again"));
        }
        Provenance made = provenance(metadata);
        int resolution = metadata.requireInteger("chess.resolution", 0, Site.FINEST);
        int layers = metadata.requireInteger("chess.layers", 1, MAX_LAYERS);
        List<Profile.Layer> read = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            read.add(new Profile.Layer(
                    place(layer, Site.FEED_FORWARD, resolution),
                    place(layer, Site.QUERY, resolution),
                    place(layer, Site.OUTPUT, resolution)));
        }
        checkSum(((Number) metadata.find("chess.crc32c").orElse(-1L)).longValue());
        read.forEach(layer -> checkCounts(layer, made.positions()));
        return new Profile(made, resolution, read, budget(metadata, layers));
    }

    private Optional<Budget> budget(GgufMetadata metadata, int layers) {
        if (gguf.tensor("budget.shares").isEmpty()) {
            return Optional.empty();
        }
        float[] shares = floats(tensor("budget.shares", TensorType.F32, Site.values().length, layers));
        float[] measured = floats(tensor("budget.measured", TensorType.F32, 1, -1));
        for (float share : shares) {
            if (!(share >= 0 && share <= ChessSettings.MAX_SPARSITY + 1e-6)) {
                throw damaged("its budget has a share of " + share);
            }
        }
        if (measured.length != 4) {
            throw damaged("the tensor budget.measured has " + measured.length + " values");
        }
        return Optional.of(new Budget(
                metadata.requireString("chess.budget.target"),
                metadata.requireString("chess.budget.found"),
                shares,
                measured[0],
                measured[1],
                measured[2],
                measured[3]));
    }

    private static float[] floats(GgufTensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }

    private Provenance provenance(GgufMetadata metadata) {
        // No more than statistics hold: a set of so many windows is small, whatever the file says.
        int windows = metadata.requireInteger("chess.windows", 1, (int) (SiteStatistics.MAX_POSITIONS / 2));
        String done = metadata.requireString("chess.windows.done");
        try {
            return new Provenance(
                    metadata.requireString("general.name"),
                    metadata.requireString("chess.model.fingerprint"),
                    metadata.requireString("chess.text.sha256"),
                    whole(metadata, "chess.text.tokens"),
                    metadata.requireInteger("chess.window", 2, Integer.MAX_VALUE),
                    whole(metadata, "chess.seed"),
                    windows,
                    Provenance.parseRanges(done, windows));
        } catch (NumberFormatException e) {
            throw damaged("chess.windows.done is '" + done + "', which is no list of windows below " + windows);
        }
    }

    private long whole(GgufMetadata metadata, String key) {
        return metadata.find(key)
                .filter(Long.class::isInstance)
                .map(Long.class::cast)
                .orElseThrow(() -> damaged(key + " is missing or no whole number"));
    }

    private Profile.Place place(int layer, Site site, int resolution) {
        String prefix = prefix(layer, site);
        Grid grid = site.grid(resolution);
        float[] norms = floats(tensor(prefix + "norms", TensorType.F32, 1, -1));
        int channels = norms.length;
        int[] counts = tensor(prefix + "counts", TensorType.I32, grid.bins(), channels)
                .data()
                .toArray(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
        int[] shift = tensor(prefix + "shift", TensorType.I32, Magnitudes.BINS, ShiftStatistics.HISTOGRAMS)
                .data()
                .toArray(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
        boolean hidden = site == Site.FEED_FORWARD;
        long[] sums = hidden ? longs(prefix + "sums", grid.groups(), channels) : new long[0];
        long[] squares = hidden ? longs(prefix + "squares", grid.groups(), channels) : new long[0];
        long[] upMagnitudes = hidden ? longs(prefix + "up_abs", channels, 2) : new long[0];
        long[] upSquares = hidden ? longs(prefix + "up_square", channels, 2) : new long[0];
        return new Profile.Place(
                new SiteStatistics(
                        grid,
                        channels,
                        counts,
                        sums,
                        squares,
                        new FixedPointSums(upMagnitudes),
                        new FixedPointSums(upSquares)),
                norms,
                new ShiftStatistics(shift));
    }

    private long[] longs(String name, int inner, int outer) {
        return tensor(name, TensorType.I64, inner, outer)
                .data()
                .toArray(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }

    /** A tensor of the type and dimensions expected; {@code outer} −1 stands for a vector of any length. */
    private GgufTensor tensor(String name, TensorType type, long inner, long outer) {
        GgufTensor tensor = gguf.tensor(name).orElseThrow(() -> damaged("the tensor " + name + " is missing"));
        boolean fits = outer < 0 ? tensor.dimensions().size() == 1 : tensor.dimensions().equals(List.of(inner, outer));
        if (tensor.type() != type || !fits || tensor.data().byteSize() > Integer.MAX_VALUE - 8) {
            throw damaged("the tensor " + name + " is " + tensor.type() + " " + tensor.dimensions());
        }
        return tensor;
    }

    private void checkSum(long expected) {
        CRC32C crc = new CRC32C();
        for (GgufTensor tensor : gguf.tensors()) {
            crc.update(tensor.data().asByteBuffer());
        }
        if (crc.getValue() != expected) {
            throw damaged("its contents do not match their check sum");
        }
    }

    /** The check sum is of tensors only; what the metadata say of them is checked against them. */
    private void checkCounts(Profile.Layer layer, long positions) {
        for (Site site : Site.values()) {
            SiteStatistics seen = layer.at(site).seen();
            int bins = seen.grid().bins();
            for (int channel = 0; channel < seen.channels(); channel++) {
                long total = 0;
                for (int bin = 0; bin < bins; bin++) {
                    total += seen.counts()[channel * bins + bin];
                }
                if (total != positions) {
                    throw damaged("a channel of " + site.key() + " was counted at " + total + " of " + positions
                            + " positions");
                }
            }
        }
    }

    private ProviderException damaged(String how) {
        return new ProviderException("The profile " + file + " is damaged: " + how + "; calibrate again");
    }
}
