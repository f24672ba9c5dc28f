package dev.sparsellm.runtime.eval;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.runtime.eval.Question.Choice;
import dev.sparsellm.spi.OneLine;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Passages whose last word is asked for, as LAMBADA does (Paperno et al., ACL 2016). */
public final class Passages {

    /** Fewer leave too much to chance. */
    private static final int WORDS = 50;

    private static final Pattern PARAGRAPHS = Pattern.compile("\\R\\s*\\R");
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    /** All before the last word, blanks, the word; marks behind it are dropped. */
    private static final Pattern LAST_WORD = Pattern.compile("(.*\\S)\\s+(\\p{L}[\\p{L}'’-]*)[^\\p{L}]*", Pattern.DOTALL);

    private Passages() {}

    /**
     * The dataset's own form, {@code {"text": …}} a line: the last word is what follows the last blank.
     *
     * @throws IllegalArgumentException if the file is missing or something else
     */
    public static List<Choice> ofFile(Path file, int most) {
        List<Choice> passages = new ArrayList<>();
        try (MappingIterator<JsonNode> lines =
                new ObjectMapper().readerFor(JsonNode.class).readValues(file.toFile())) {
            while (passages.size() < most && lines.hasNextValue()) {
                String text = lines.nextValue().path("text").asText("");
                int blank = text.lastIndexOf(' ');
                if (blank < 1) {
                    throw new IllegalArgumentException(file + ", passage " + (passages.size() + 1)
                            + ": there is no field 'text' of two words or more");
                }
                passages.add(new Choice(text.substring(0, blank), text.substring(blank)));
            }
        } catch (JsonProcessingException | CharConversionException e) {
            throw new IllegalArgumentException(OneLine.of(file + ", passage " + (passages.size() + 1) + ": "
                    + (e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage())
                    + "; give it as {\"text\": …}"), e);
        } catch (IOException e) {
            if (!Files.exists(file)) {
                throw new IllegalArgumentException("There is no file " + file + " for the task lambada; name the folder"
                        + " that has it with --data, or take the task last_word and any text", e);
            }
            throw new UncheckedIOException(e);
        }
        return List.copyOf(passages);
    }

    /** Whole paragraphs of a text, as many together as make fifty words. */
    public static List<Choice> ofText(String text, int most) {
        List<Choice> passages = new ArrayList<>();
        StringBuilder passage = new StringBuilder();
        for (String paragraph : PARAGRAPHS.split(text.strip())) {
            passage.append(passage.isEmpty() ? "" : "\n\n").append(paragraph.strip());
            Matcher end = LAST_WORD.matcher(passage);
            if (passages.size() < most && BLANKS.split(passage).length >= WORDS && end.matches()) {
                passages.add(new Choice(end.group(1), " " + end.group(2)));
                passage.setLength(0);
            }
        }
        return List.copyOf(passages);
    }
}
