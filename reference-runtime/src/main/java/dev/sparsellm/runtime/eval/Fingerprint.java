package dev.sparsellm.runtime.eval;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeMap;

/** Names a result after all it depends on. */
final class Fingerprint {

    private final MessageDigest digest;

    private Fingerprint(MessageDigest digest) {
        this.digest = digest;
    }

    /** Of a model under a lineup, and what is done with it. */
    static Fingerprint of(Model model, Lineup lineup, String what) {
        try {
            Fingerprint fingerprint = new Fingerprint(MessageDigest.getInstance("SHA-256"));
            fingerprint.add(model.description().fingerprint());
            fingerprint.add(what);
            lineup.assignments().forEach((key, assignment) -> fingerprint.add(key.toString()));
            for (Lineup.Member member : lineup.members()) {
                fingerprint.add(member.id());
                fingerprint.add(new TreeMap<>(member.settings()).toString());
                fingerprint.add(member.operators().summary());
            }
            return fingerprint;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    private void add(String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private void add(int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length + 4).putInt(ids.length);
        for (int id : ids) {
            bytes.putInt(id);
        }
        digest.update(bytes.array());
    }

    /** With these token ids. */
    String with(int number, int[]... ids) {
        try {
            Fingerprint copy = new Fingerprint((MessageDigest) digest.clone());
            copy.add(new int[] {number});
            for (int[] some : ids) {
                copy.add(some);
            }
            return HexFormat.of().formatHex(copy.digest.digest(), 0, 16);
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("Every Java platform's SHA-256 can be copied", e);
        }
    }
}
