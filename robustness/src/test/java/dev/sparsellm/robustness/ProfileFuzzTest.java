package dev.sparsellm.robustness;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sparsellm.chess.ChessProvider;
import dev.sparsellm.spi.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Profiles: made elsewhere, or damaged and yet with the right check sum. */
class ProfileFuzzTest {

    private static final String[] DONE = {"0-1", "0-2147483646", "0,0", "1-0", "-1", "0-", "", "0-1,1",
        "99999999999", "0-3"};
    private static final List<String> METHODS = List.of("cats", "chess", "chess+", "chess++");

    private static final Scratch SCRATCH = new Scratch();
    private static final ChessProvider PROVIDER = new ChessProvider();

    @FuzzTest
    void a_plausible_profile_is_read_or_refused(byte[] edits) {
        Choices choices = new Choices(edits);
        Settings settings = new Settings(PROVIDER.settings(), Map.of(
                "chess.method", METHODS.get(choices.below(METHODS.size())),
                "chess.sparsity", choices.below(3) == 0 ? "auto" : "0." + choices.below(10)));
        String done = DONE[choices.below(DONE.length)];
        int windows = choices.below(2) == 0 ? 4 : choices.below(2) == 0 ? Integer.MAX_VALUE : 1 << 21;
        int merge = choices.below(4);
        Path file = SCRATCH.write("profile.gguf", Profiles.profile(done, windows).spoil(choices).bytes());
        if (Refusals.accepts(() -> PROVIDER.describeProfile(file, settings))) {
            if (merge != 0) { // merging takes longest
                return;
            }
            Path other = SCRATCH.write("other.gguf", Profiles.profile("2-3", 4).bytes());
            Path merged = SCRATCH.folder().resolve("merged.gguf");
            if (Refusals.accepts(() -> PROVIDER.mergeProfiles(List.of(file, other), merged))) {
                PROVIDER.describeProfile(merged, Settings.defaults(PROVIDER.settings()));
            }
        }
    }
}
