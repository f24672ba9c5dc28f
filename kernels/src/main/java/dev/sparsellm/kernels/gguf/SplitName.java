package dev.sparsellm.kernels.gguf;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of one file of a split model: {@code NAME-00001-of-00003.gguf}.
 *
 * @param number from 1
 */
record SplitName(Path folder, String stem, int number, int count) {

    private static final Pattern PATTERN = Pattern.compile("(.*)-([0-9]{5})-of-([0-9]{5})\\.gguf", Pattern.DOTALL);

    /** Null if the file is not named so. */
    static SplitName of(Path file) {
        Matcher matcher = PATTERN.matcher(file.getFileName() == null ? "" : file.getFileName().toString());
        if (!matcher.matches()) {
            return null;
        }
        return new SplitName(file.toAbsolutePath().getParent(), matcher.group(1),
                Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3)));
    }

    /** Where part {@code number} is, from 1. */
    Path part(int number) {
        return folder.resolve(fileName(number));
    }

    String fileName(int number) {
        return String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", stem, number, count);
    }
}
