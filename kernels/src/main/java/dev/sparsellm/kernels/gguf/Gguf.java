package dev.sparsellm.kernels.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open GGUF file, or the files of a split model as one. Memory-mapped; every count, length and extent is checked
 * before it is used. Safe for any thread until closed; afterwards its tensors must not be touched, while metadata may.
 * A file that is written to, or cut short, while it is open shows that in its tensors: see {@link #requireUnchanged}.
 */
public final class Gguf implements AutoCloseable {

    private final Arena arena;
    private final List<GgufPart> parts; // at least one
    private final List<GgufTensor> tensors;
    private final Map<String, GgufTensor> tensorsByName;
    private volatile List<FileStamp> stamps; // one for each part
    private volatile String fingerprint; // as long as nothing asks for it, null

    private Gguf(Arena arena, List<GgufPart> parts, List<FileStamp> stamps) {
        this.arena = arena;
        this.stamps = List.copyOf(stamps);
        this.parts = List.copyOf(parts);
        this.tensors = parts.stream().flatMap(part -> part.tensors().stream()).toList();
        this.tensorsByName = new LinkedHashMap<>();
        for (GgufPart part : parts) {
            for (GgufTensor tensor : part.tensors()) {
                if (tensorsByName.put(tensor.name(), tensor) != null) {
                    throw Cursor.damaged(
                            part.file(), "an earlier part has a tensor '" + Quoted.of(tensor.name()) + "', too");
                }
            }
        }
    }

    /**
     * Opens a file. If its name ends in {@code -00001-of-0000N.gguf}, all N parts are opened and their tensors joined.
     *
     * @throws GgufException if it is missing, damaged, or not understood
     */
    public static Gguf open(Path file) {
        SplitName name = SplitName.of(file);
        if (name != null && name.number() != 1) {
            throw new GgufException("Cannot read " + file + ": it is part " + name.number() + " of a split model."
                    + " Name its first part, " + name.fileName(1) + ", instead");
        }
        Arena arena = Arena.ofShared();
        try {
            List<GgufPart> parts = new ArrayList<>();
            List<FileStamp> stamps = new ArrayList<>();
            parts.add(map(file, arena, stamps));
            SplitParts.addOthers(parts, name, part -> map(part, arena, stamps));
            return new Gguf(arena, parts, stamps);
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    private static GgufPart map(Path file, Arena arena, List<FileStamp> stamps) {
        if (!Files.isRegularFile(file)) {
            throw new GgufException("Cannot read " + file + ": " + (Files.isDirectory(file)
                    ? "it is a folder. Name a .gguf file in it"
                    : Files.exists(file) ? "it is no ordinary file. Name a .gguf file"
                    : "there is no such file. Check the name and the folder"));
        }
        MemorySegment bytes;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            FileStamp stamp = FileStamp.of(file);
            bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            stamps.add(stamp);
        } catch (AccessDeniedException e) {
            throw new GgufException("Cannot read " + file + ": permission denied. Ask for the right to read it", e);
        } catch (IOException e) {
            throw new GgufException("Cannot read " + file + ": " + e.getMessage(), e);
        }
        return HeaderParser.parse(file, bytes);
    }

    /** The file opened; of a split model, its first part. */
    public Path file() {
        return parts.getFirst().file();
    }

    /** All files opened, in order: one, or the parts of a split model. */
    public List<Path> files() {
        return parts.stream().map(GgufPart::file).toList();
    }

    /** The files' sizes together. */
    public long fileBytes() {
        return parts.stream().mapToLong(GgufPart::bytes).sum();
    }

    /** Of the file format: 2 or 3. */
    public int version() {
        return parts.getFirst().version();
    }

    /** Of a split model, its first part's. */
    public GgufMetadata metadata() {
        return parts.getFirst().metadata();
    }

    /** All tensors in the file's order. */
    public List<GgufTensor> tensors() {
        return tensors;
    }

    public Optional<GgufTensor> tensor(String name) {
        return Optional.ofNullable(tensorsByName.get(name));
    }

    List<GgufPart> parts() {
        return parts;
    }

    /**
     * Checks that nobody has written to the files since they were opened, nor cut them short; costs some
     * microseconds. A file that was deleted, or replaced by another of its name, is still there for those who have it
     * open, and one that has a new date only is looked at again by its {@link ModelFingerprint}.
     *
     * @throws GgufException if one was changed: its tensors are not those that were opened, or not there at all
     */
    public void requireUnchanged() {
        List<FileStamp> now = stamps.stream().map(FileStamp::now).toList();
        if (now.equals(stamps)) {
            return;
        }
        for (int i = 0; i < now.size(); i++) {
            FileStamp before = stamps.get(i);
            if (now.get(i).bytes() != before.bytes()) {
                throw changed(before.file(), "it had " + before.bytes() + " bytes and has " + now.get(i).bytes());
            }
        }
        String opened = fingerprint;
        if (opened == null || !opened.equals(ModelFingerprint.compute(this))) {
            throw changed(file(), "somebody has written to it");
        }
        stamps = now;
    }

    private static GgufException changed(Path file, String how) {
        return new GgufException("The file " + file + " was changed while it was in use: " + how
                + ". Open it again; to replace a model, move another file into its place");
    }

    /** The fingerprint of what was opened. */
    String fingerprint() {
        if (fingerprint == null) {
            fingerprint = ModelFingerprint.compute(this);
        }
        return fingerprint;
    }

    /** Unmaps. A second call does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
