package dev.sparsellm.robustness;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.kernels.repack.RepackCache;
import dev.sparsellm.kernels.repack.RepackedWeights;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/** Files of repacked weights: whatever they hold, they are used or written anew, which costs time and no more. */
class RepackFuzzTest {

    private static final int PREFIX = 32;
    private static final int BODY_BYTES_AT = 12;
    private static final int FILE_BYTES_AT = 16;
    private static final int CHECKSUM_AT = 24;

    private static final long[] TELLING = {
        0, 1, 2, 31, 32, 255, 4095, 4096, 4097, 8192, 65536, Integer.MAX_VALUE, 1L << 31, -1, -2, Long.MAX_VALUE,
        Long.MIN_VALUE, 1L << 40, -4096, 10, 26, 99
    };

    private static final Scratch SCRATCH = new Scratch();
    private static final Path FILE = SCRATCH.folder().resolve("model.channels-v" + ChannelMajor.LAYOUT_VERSION);

    private final List<Tensor> tensors = tensors();
    private byte[] sound;

    /** Two of 32 by 32. */
    static List<Tensor> tensors() {
        return List.of(tensor("a", 1), tensor("b", 2));
    }

    private static Tensor tensor(String name, int seed) {
        byte[] blocks = new byte[32 * 18];
        new Random(seed).nextBytes(blocks);
        MemorySegment data = Arena.ofAuto().allocate(blocks.length).copyFrom(MemorySegment.ofArray(blocks));
        return new Tensor(name, TensorType.Q4_0, 32, 32, data);
    }

    @FuzzTest
    void a_plausible_file_is_used_or_written_anew(byte[] edits) throws IOException {
        if (sound == null) {
            open();
            sound = Files.readAllBytes(FILE);
        }
        Files.write(FILE, spoilt(new Choices(edits)));
        open();
        if (Arrays.mismatch(sound, Files.readAllBytes(FILE)) >= 0) {
            // It was used, and so is sound as far as anybody can tell. The next input begins anew.
            Files.delete(FILE);
        }
    }

    private void open() {
        try (RepackedWeights weights =
                new RepackCache(SCRATCH.folder(), new Alone(), ProgressSink.NONE, RepackFuzzTest::check)
                        .open("model", tensors)) {
            for (Tensor tensor : tensors) {
                MemorySegment data = weights.of(tensor).data();
                data.get(ValueLayout.JAVA_BYTE, data.byteSize() - 1);
            }
        }
    }

    private static void check(String notice) {
        if (notice.codePoints().anyMatch(Character::isISOControl) || notice.length() > 1000) {
            throw new AssertionError("A notice that is no line: " + notice);
        }
    }

    /** Any change, then the head's own figures put right, so that it is believed. */
    private byte[] spoilt(Choices choices) {
        byte[] file = sound.clone();
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int body = bytes.getInt(BODY_BYTES_AT);
        boolean believable = choices.below(8) != 0;
        while (choices.more()) {
            int at = choices.below(PREFIX + body);
            switch (choices.below(4)) {
                case 0 -> file[at] = (byte) choices.below(256);
                case 1 -> bytes.putInt(Math.min(at, file.length - 4), (int) telling(choices));
                case 2 -> bytes.putLong(Math.min(at, file.length - 8), telling(choices));
                default -> {
                    boolean cut = choices.below(2) == 0;
                    file = Arrays.copyOf(file, cut ? choices.below(file.length) : file.length + choices.below(9));
                    file = file.length < PREFIX + body ? Arrays.copyOf(file, PREFIX + body) : file;
                    bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
                }
            }
        }
        if (believable) {
            System.arraycopy(sound, 0, file, 0, BODY_BYTES_AT);
            bytes.putInt(BODY_BYTES_AT, body).putLong(FILE_BYTES_AT, file.length);
            CRC32C crc = new CRC32C();
            crc.update(file, 0, CHECKSUM_AT);
            crc.update(file, PREFIX, body);
            bytes.putLong(CHECKSUM_AT, crc.getValue());
        }
        return file;
    }

    private static long telling(Choices choices) {
        int which = choices.below(TELLING.length + 1);
        return which < TELLING.length ? TELLING[which] : choices.number();
    }
}
