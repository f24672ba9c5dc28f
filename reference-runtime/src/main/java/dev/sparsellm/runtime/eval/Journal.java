package dev.sparsellm.runtime.eval;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.StreamSupport;

/**
 * What has been found out so far, a line of JSON each, so that an interrupted evaluation goes on where it was. A line is
 * named after everything it depends on: model, providers with their settings, token ids. One of another evaluation is
 * never taken for one's own, and several evaluations may share a file, one after another.
 */
public final class Journal implements AutoCloseable {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Map<String, double[]> known = new HashMap<>();
    private final Path file;
    private final Writer out;

    private Journal(Path file, Writer out) {
        this.file = file;
        this.out = out;
    }

    /** One that keeps nothing. */
    public static Journal none() {
        return new Journal(Path.of("none"), Writer.nullWriter());
    }

    /**
     * One in a file, which is begun where it is missing.
     *
     * @throws IllegalArgumentException if the file holds something else
     */
    public static Journal at(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw notOurs(file, null); // A device may be read for ever.
        }
        try {
            String text = Files.exists(file) ? Files.readString(file) : "";
            // A line that was being written when the process ended is left out, and overwritten.
            String whole = text.substring(0, text.lastIndexOf('\n') + 1);
            Map<String, double[]> known = new HashMap<>();
            whole.lines().forEach(line -> read(line, known, file));
            if (known.isEmpty() && !text.isBlank() && !text.startsWith("{")) {
                throw notOurs(file, null);
            }
            Journal journal = new Journal(file, behind(whole.getBytes(StandardCharsets.UTF_8).length, file));
            journal.known.putAll(known);
            return journal;
        } catch (CharacterCodingException e) {
            throw notOurs(file, e);
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    /** Appends: a file written anew would be lost with the process that does it. */
    private static Writer behind(long bytes, Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        return Channels.newWriter(channel.truncate(bytes).position(bytes), StandardCharsets.UTF_8);
    }

    private static void read(String line, Map<String, double[]> known, Path file) {
        try {
            JsonNode json = MAPPER.readTree(line);
            if (!json.path("key").isTextual() || !json.path("values").isArray()) {
                throw notOurs(file, null);
            }
            known.put(json.get("key").asText(), StreamSupport.stream(json.get("values").spliterator(), false)
                    .mapToDouble(JsonNode::asDouble)
                    .toArray());
        } catch (JsonProcessingException e) {
            throw notOurs(file, e);
        }
    }

    private static IllegalArgumentException notOurs(Path file, Throwable cause) {
        return new IllegalArgumentException(
                file + " is there already and is no journal of an evaluation: name another with --journal", cause);
    }

    /** Whether something is known. */
    boolean knows(String key) {
        return known.containsKey(key);
    }

    /** What is known. */
    double[] values(String key) {
        return known.get(key);
    }

    /** Notes what was found out; it is in the file when this returns. */
    void add(String key, String task, String provider, String id, double[] values) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("key", key);
        line.put("task", task);
        line.put("provider", provider);
        line.put("id", id);
        line.put("values", Arrays.stream(values).boxed().toList());
        try {
            out.write(MAPPER.writeValueAsString(line));
            out.write('\n');
            out.flush();
        } catch (IOException e) {
            throw failed(file, e);
        }
        known.put(key, values);
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    /** What went wrong, and with which file: the exception of a full disk does not say. */
    private static UncheckedIOException failed(Path file, IOException e) {
        return new UncheckedIOException(
                e instanceof FileSystemException ? e : new FileSystemException(file.toString(), null, e.getMessage()));
    }
}
