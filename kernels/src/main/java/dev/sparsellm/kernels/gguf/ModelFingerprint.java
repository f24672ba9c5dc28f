package dev.sparsellm.kernels.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Tells models apart, so that what was measured on one is never used with another.
 *
 * <p>A fingerprint is the first half of a SHA-256 over, for each file in order, the size and the bytes of metadata and
 * tensor table, and for each tensor up to 16 evenly spaced samples of 4 KiB of its data. Equal files have equal
 * fingerprints wherever they lie. A model that was trained further or quantised otherwise changes nearly every block of
 * its tensors, and so its fingerprint; a change confined to bytes between the samples goes unnoticed. Split and joined
 * files of one model differ.
 */
public final class ModelFingerprint {

    private static final int SAMPLES = 16;
    private static final int SAMPLE_BYTES = 4096;
    private static final int HASH_BYTES = 16;

    private ModelFingerprint() {}

    /**
     * Computes the fingerprint when first asked. Reads at most 64 KiB a tensor: some milliseconds from memory, about a
     * second where a model's pages have to come from a disk.
     *
     * @return 32 lower-case hexadecimal digits
     */
    public static String of(Gguf model) {
        return model.fingerprint();
    }

    static String compute(Gguf model) {
        MessageDigest hash = sha256();
        for (GgufPart part : model.parts()) {
            hash.update(ByteBuffer.allocate(Long.BYTES).putLong(part.bytes()).flip());
            hash.update(part.header().asByteBuffer());
            for (GgufTensor tensor : part.tensors()) {
                addSamples(hash, tensor.data());
            }
        }
        return HexFormat.of().formatHex(hash.digest(), 0, HASH_BYTES);
    }

    private static void addSamples(MessageDigest hash, MemorySegment data) {
        if (data.byteSize() <= SAMPLES * SAMPLE_BYTES) {
            hash.update(data.asByteBuffer());
            return;
        }
        long last = data.byteSize() - SAMPLE_BYTES;
        for (int i = 0; i < SAMPLES; i++) {
            long from = last / (SAMPLES - 1) * i + last % (SAMPLES - 1) * i / (SAMPLES - 1);
            hash.update(data.asSlice(from, SAMPLE_BYTES).asByteBuffer());
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
