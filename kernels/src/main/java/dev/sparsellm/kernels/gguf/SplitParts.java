package dev.sparsellm.kernels.gguf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * Joins the parts of a split model. llama.cpp's gguf-split numbers them by {@code split.no} from 0, tells each
 * {@code split.count} and {@code split.tensors.count}, and leaves all other metadata in the first.
 */
final class SplitParts {

    private SplitParts() {}

    /**
     * Opens and adds all parts but the first.
     *
     * @param parts the first part
     * @param name its name; null if it is not that of a part
     */
    static void addOthers(List<GgufPart> parts, SplitName name, Function<Path, GgufPart> open) {
        GgufPart first = parts.getFirst();
        int count = first.metadata().integer("split.count").orElse(name == null ? 1 : name.count());
        if (name == null && count > 1) {
            throw new GgufException(("Cannot read %s: it is part %d of %d of a split model, but its name does not"
                            + " say so. Give all parts the names they had, NAME-00001-of-%05d.gguf and so on,"
                            + " and name the first")
                    .formatted(first.file(), first.metadata().integer("split.no").orElse(0) + 1, count, count));
        }
        if (name == null || name.count() == 1 && count <= 1) {
            return; // one whole file
        }
        checkPart(first, name, 1);
        for (int number = 2; number <= name.count(); number++) {
            if (!Files.exists(name.part(number))) {
                throw new GgufException("Cannot read %s: part %d of %d is missing. Put %s beside it"
                        .formatted(first.file(), number, name.count(), name.fileName(number)));
            }
        }
        for (int number = 2; number <= name.count(); number++) {
            GgufPart part = open.apply(name.part(number));
            checkPart(part, name, number);
            parts.add(part);
        }
        int tensors = parts.stream().mapToInt(part -> part.tensors().size()).sum();
        int declared = first.metadata().integer("split.tensors.count").orElse(tensors);
        if (declared != tensors) {
            throw Cursor.damaged(first.file(),
                    "the %d parts hold %d tensors together instead of %d".formatted(name.count(), tensors, declared));
        }
    }

    private static void checkPart(GgufPart part, SplitName name, int number) {
        int partNumber = part.metadata().requireInteger("split.no", 0, Integer.MAX_VALUE) + 1;
        int count = part.metadata().requireInteger("split.count", 0, Integer.MAX_VALUE);
        if (partNumber != number || count != name.count()) {
            throw new GgufException("Cannot read " + part.file() + ": by its metadata it is part " + partNumber + " of "
                    + count + ". Give the parts the names they had");
        }
    }
}
