package dev.sparsellm.kernels.repack;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.spi.OneLine;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.WorkerGroup;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Keeps the channel-major form of a model's tensors in a file, one per model and layout: mapped read-only, so that it
 * takes the place of the originals in memory, and checked whole before use. A file that is damaged, cut short or of
 * another model is written anew, never used. Writing goes to a temporary file that is forced to disk and then moved
 * into place, under a lock, so that processes starting at once do the work once. Where the directory cannot be written,
 * or the disk is full, the weights are repacked in memory: that costs time at every start, and nothing else. Of tensors
 * mapped from a file, the pages are given back once they are repacked.
 */
public final class RepackCache {

    /**
     * Pieces end at multiples of this, and are so large that file systems may take huge pages for them: of a file written in
     * pieces of 1 MB they made pages of 4 KB, which, mapped, are read a tenth more slowly.
     */
    static final int WRITTEN_AT_ONCE = 1 << 22;

    private static final long WAIT_MILLIS = 20;

    private final Path directory;
    private final WorkerGroup workers;
    private final ProgressSink progress;
    private final Consumer<String> notice;

    /**
     * A cache in a directory.
     *
     * @param directory made when needed; may be read-only
     * @param workers do the repacking and checking
     * @param progress is told of both
     * @param notice is told, in one line each, of a file that was not usable and of one that could not be written
     */
    public RepackCache(Path directory, WorkerGroup workers, ProgressSink progress, Consumer<String> notice) {
        this.directory = directory;
        this.workers = workers;
        this.progress = progress;
        this.notice = notice;
    }

    /**
     * The channel-major form of some tensors of a model, read back or made. A file that holds more tensors than are
     * asked for serves; one that holds less is replaced.
     *
     * @param fingerprint the model's, usable in a file name
     * @param tensors of different names; their data is read only if there is no file to use
     */
    public RepackedWeights open(String fingerprint, List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            return inMemory(tensors);
        }
        Path file = directory.resolve(fingerprint + ".channels-v" + ChannelMajor.LAYOUT_VERSION);
        RepackedWeights found = read(file, fingerprint, tensors, notice);
        if (found != null) {
            return found;
        }
        try {
            Files.createDirectories(directory);
            try (FileChannel channel = FileChannel.open(
                            file.resolveSibling(file.getFileName() + ".lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE)) {
                lock(channel);
                return written(file, fingerprint, tensors);
            }
        } catch (IOException e) {
            notice.accept("Repacked weights cannot be kept in " + directory + " (" + OneLine.of(e)
                    + "): they stay in memory, and"
                    + " will be repacked at the next start");
            return inMemory(tensors);
        }
    }

    /**
     * Waits for the lock, which is held until the channel is closed. Another thread of this JVM that holds it is an
     * exception, not a wait, to Java.
     */
    private static void lock(FileChannel channel) throws IOException {
        while (true) {
            try {
                if (channel.tryLock() != null) {
                    return;
                }
            } catch (OverlappingFileLockException heldInThisJvm) {
                // The same as null.
            }
            try {
                Thread.sleep(WAIT_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while another process repacks the same model", e);
            }
        }
    }

    /** Maps the file if it is sound; null if there is none to use. */
    private RepackedWeights read(
            Path file, String fingerprint, List<Tensor> tensors, Consumer<String> complaint) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            RepackFile head = RepackFile.read(channel);
            if (!head.fingerprint().equals(fingerprint)) {
                throw new RepackFileException("it belongs to another model");
            }
            for (Tensor tensor : tensors) {
                RepackFile.Entry entry = head.entries().get(tensor.name());
                if (entry == null || !entry.describes(tensor)) {
                    throw new RepackFileException("it lacks " + tensor.name());
                }
            }
            return map(channel, head, file, tensors);
        } catch (NoSuchFileException none) {
            return null;
        } catch (IOException e) {
            complaint.accept("The repacked weights in " + file + " are not used: " + OneLine.of(e));
            return null;
        }
    }

    private RepackedWeights map(FileChannel channel, RepackFile head, Path file, List<Tensor> tensors)
            throws IOException {
        Arena arena = Arena.ofShared();
        boolean sound = false;
        try {
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, head.fileSize(), arena);
            Map<String, ChannelMajor> weights = new HashMap<>();
            for (Tensor t : tensors) {
                RepackFile.Entry entry = head.entries().get(t.name());
                weights.put(t.name(), new ChannelMajor(
                        t.type(), t.rows(), t.columns(), all.asSlice(entry.offset(), entry.size())));
            }
            check(head, weights, tensors);
            sound = true;
            return new RepackedWeights(arena, weights, file);
        } finally {
            if (!sound) {
                arena.close();
            }
        }
    }

    private void check(RepackFile head, Map<String, ChannelMajor> weights, List<Tensor> tensors) throws IOException {
        boolean[] damaged = new boolean[tensors.size()];
        AtomicLong checked = new AtomicLong();
        try (ProgressSink.Work work = progress.start("Checking repacked weights", total(tensors))) {
            workers.run(tensors.size(), (part, worker) -> {
                String name = tensors.get(part).name();
                MemorySegment data = weights.get(name).data();
                damaged[part] =
                        RepackFile.checksum(data) != head.entries().get(name).checksum();
                work.done(checked.addAndGet(data.byteSize()));
            });
        }
        for (int i = 0; i < damaged.length; i++) {
            if (damaged[i]) {
                throw new RepackFileException(tensors.get(i).name() + " is damaged");
            }
        }
    }

    /** While the lock is held: what another process has written meanwhile, or else a new file. */
    private RepackedWeights written(Path file, String fingerprint, List<Tensor> tensors) throws IOException {
        // What is wrong with the file, if it is still the one found before, has been said.
        RepackedWeights meanwhile = read(file, fingerprint, tensors, complaint -> {});
        if (meanwhile != null) {
            return meanwhile;
        }
        removeLeftOvers(file);
        Path temporary = Files.createTempFile(directory, file.getFileName() + ".", ".tmp");
        try {
            write(temporary, RepackFile.plan(fingerprint, tensors), tensors);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
        RepackedWeights weights = read(file, fingerprint, tensors, notice);
        if (weights == null) {
            throw new IOException("what was written to " + file + " could not be read back");
        }
        return weights;
    }

    /** Temporary files of processes that died; while the lock is held none is in use. */
    private void removeLeftOvers(Path file) throws IOException {
        try (DirectoryStream<Path> leftOvers =
                Files.newDirectoryStream(directory, file.getFileName() + ".*.tmp")) {
            for (Path leftOver : leftOvers) {
                Files.deleteIfExists(leftOver);
            }
        }
    }

    /**
     * Repacks into a buffer and writes that: a mapping of a file that outgrows the disk would kill the JVM, where a write
     * fails.
     */
    private void write(Path file, RepackFile plan, List<Tensor> tensors) throws IOException {
        long usable = Files.getFileStore(file).getUsableSpace();
        if (usable < plan.fileSize()) {
            throw new IOException(plan.fileSize() + " bytes are needed and " + usable + " free");
        }
        Map<String, RepackFile.Entry> entries = new LinkedHashMap<>(plan.entries());
        AtomicLong done = new AtomicLong();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                ProgressSink.Work work = progress.start("Repacking weights", total(tensors))) {
            for (Tensor tensor : tensors) {
                try (Arena arena = Arena.ofShared()) {
                    MemorySegment data = arena.allocate(ChannelMajor.byteSize(tensor), 64);
                    repack(tensor, data, work, done);
                    RepackFile.Entry entry = entries.get(tensor.name());
                    write(channel, data, entry.offset());
                    entries.put(entry.name(), entry.withChecksum(RepackFile.checksum(data)));
                }
            }
            RepackFile finished = new RepackFile(plan.fingerprint(), entries, plan.fileSize());
            finished.writeHead(channel);
            if (channel.size() < plan.fileSize()) {
                RepackFile.write(channel, java.nio.ByteBuffer.allocate(1), plan.fileSize() - 1);
            }
            channel.force(true);
        }
    }

    private static void write(FileChannel channel, MemorySegment data, long at) throws IOException {
        long size;
        for (long done = 0; done < data.byteSize(); done += size) {
            size = Math.min(WRITTEN_AT_ONCE - (at + done) % WRITTEN_AT_ONCE, data.byteSize() - done);
            RepackFile.write(channel, data.asSlice(done, size).asByteBuffer(), at + done);
        }
    }

    private RepackedWeights inMemory(List<Tensor> tensors) {
        Arena arena = Arena.ofShared();
        boolean complete = false;
        Map<String, ChannelMajor> weights = new HashMap<>();
        AtomicLong done = new AtomicLong();
        try (ProgressSink.Work work = progress.start("Repacking weights", total(tensors))) {
            for (Tensor tensor : tensors) {
                MemorySegment data = arena.allocate(ChannelMajor.byteSize(tensor), RepackFile.PAGE);
                repack(tensor, data, work, done);
                weights.put(tensor.name(), new ChannelMajor(tensor.type(), tensor.rows(), tensor.columns(), data));
            }
            complete = true;
            return new RepackedWeights(arena, weights, null);
        } finally {
            if (!complete) {
                arena.close();
            }
        }
    }

    private void repack(Tensor tensor, MemorySegment data, ProgressSink.Work work, AtomicLong done) {
        int units = ChannelMajor.units(tensor);
        int parts = Math.min(units, 8 * workers.threads());
        workers.run(parts, (part, worker) -> {
            int from = (int) ((long) units * part / parts);
            int to = (int) ((long) units * (part + 1) / parts);
            ChannelMajor.repack(tensor, data, from, to);
            work.done(done.addAndGet(data.byteSize() / units * (to - from)));
        });
        // The original's pages are given back as its new form comes into memory, so that both never are there but for one
        // tensor. Whoever reads it again finds it in the file.
        if (tensor.data().isMapped()) {
            tensor.data().unload();
        }
    }

    private static long total(List<Tensor> tensors) {
        return tensors.stream().mapToLong(ChannelMajor::byteSize).sum();
    }
}
