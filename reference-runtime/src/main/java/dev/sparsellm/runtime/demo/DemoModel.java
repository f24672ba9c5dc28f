package dev.sparsellm.runtime.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;

/** The small model that comes along, as a file: weights are memory-mapped, which a jar's entry cannot be. */
public final class DemoModel {

    private static final String RESOURCE = "demo.gguf";

    private DemoModel() {}

    /**
     * The demo model's file: unpacked into {@code cacheDirectory} when first needed, or into a temporary folder where
     * that cannot be written.
     *
     * @return empty if this build has no demo model
     */
    public static Optional<Path> locate(Path cacheDirectory) {
        return Optional.ofNullable(DemoModel.class.getResource(RESOURCE))
                .map(resource -> fileOf(resource, cacheDirectory));
    }

    static Path fileOf(URL resource, Path cacheDirectory) {
        try {
            return resource.getProtocol().equals("file")
                    ? Path.of(URI.create(resource.toString()))
                    : unpacked(resource, cacheDirectory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether a file is the demo model's. */
    public static boolean isAt(Path file, Path cacheDirectory) {
        return locate(cacheDirectory).filter(file::equals).isPresent();
    }

    private static Path unpacked(URL resource, Path cacheDirectory) throws IOException {
        // Size and checksum name the file: another version of the model is another file.
        Identity identity = identify(resource);
        String name = "demo-%d-%08x.gguf".formatted(identity.size, identity.crc);
        Path file = cacheDirectory.resolve(name);
        if (isComplete(file, identity)) {
            return file;
        }
        try {
            Files.createDirectories(cacheDirectory);
            return unpack(resource, cacheDirectory, file);
        } catch (IOException readOnly) {
            Path folder = Files.createTempDirectory("sparsellm");
            folder.toFile().deleteOnExit();
            Path temporary = unpack(resource, folder, folder.resolve(name));
            temporary.toFile().deleteOnExit();
            return temporary;
        }
    }

    private static boolean isComplete(Path file, Identity identity) throws IOException {
        return Files.isRegularFile(file)
                && Files.size(file) == identity.size
                && crc(Files.readAllBytes(file)) == identity.crc;
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }

    /** Writes beside the file and moves it into place: whoever sees it sees all of it. */
    private static Path unpack(URL resource, Path folder, Path file) throws IOException {
        Path part = Files.createTempFile(folder, "demo", ".part");
        try (InputStream in = resource.openStream()) {
            Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            return Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private record Identity(long size, long crc) {}

    private static Identity identify(URL resource) throws IOException {
        if (resource.openConnection() instanceof JarURLConnection jar) {
            JarEntry entry = jar.getJarEntry();
            return new Identity(entry.getSize(), entry.getCrc());
        }
        // A run-time image: its entries carry no checksum.
        try (InputStream in = resource.openStream()) {
            byte[] bytes = in.readAllBytes();
            return new Identity(bytes.length, crc(bytes));
        }
    }
}
