package dev.sparsellm.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Where a choice of an answer has its text and probabilities: conversations and completions differ in it. */
sealed interface Shape {

    /** What the object is called. */
    String object(boolean part);

    void whole(ObjectNode choice, String text);

    void first(ObjectNode choice);

    void part(ObjectNode choice, String text);

    ObjectNode logprobs(List<TokenProbability> probabilities);

    /** {@code /v1/chat/completions}. */
    record Chat() implements Shape {

        @Override
        public String object(boolean part) {
            return part ? "chat.completion.chunk" : "chat.completion";
        }

        @Override
        public void whole(ObjectNode choice, String text) {
            choice.putObject("message").put("role", "assistant").put("content", text).putNull("refusal");
        }

        @Override
        public void first(ObjectNode choice) {
            choice.putObject("delta").put("role", "assistant").put("content", "").putNull("refusal");
        }

        @Override
        public void part(ObjectNode choice, String text) {
            ObjectNode delta = choice.putObject("delta");
            if (!text.isEmpty()) {
                delta.put("content", text);
            }
        }

        @Override
        public ObjectNode logprobs(List<TokenProbability> probabilities) {
            ObjectNode logprobs = Json.object();
            ArrayNode content = logprobs.putArray("content");
            for (TokenProbability probability : probabilities) {
                ArrayNode top = entry(content.addObject(), probability.token()).putArray("top_logprobs");
                probability.likeliest().forEach(scored -> entry(top.addObject(), scored));
            }
            logprobs.putNull("refusal");
            return logprobs;
        }

        private static ObjectNode entry(ObjectNode entry, TokenProbability.Scored scored) {
            entry.put("token", text(scored)).put("logprob", scored.logprob());
            ArrayNode bytes = entry.putArray("bytes");
            for (byte b : scored.bytes()) {
                bytes.add(b & 0xFF);
            }
            return entry;
        }
    }

    /** {@code /v1/completions}; one answer's, since it counts characters. */
    final class Completion implements Shape {

        private final String echo;
        private int offset;

        /** @param echo what stands before the text */
        Completion(String echo) {
            this.echo = echo;
            offset = echo.length();
        }

        @Override
        public String object(boolean part) {
            return "text_completion";
        }

        @Override
        public void whole(ObjectNode choice, String text) {
            choice.put("text", echo + text);
        }

        @Override
        public void first(ObjectNode choice) {
            choice.put("text", echo);
        }

        @Override
        public void part(ObjectNode choice, String text) {
            choice.put("text", text);
        }

        @Override
        public ObjectNode logprobs(List<TokenProbability> probabilities) {
            ObjectNode logprobs = Json.object();
            ArrayNode tokens = logprobs.putArray("tokens");
            ArrayNode values = logprobs.putArray("token_logprobs");
            ArrayNode tops = logprobs.putArray("top_logprobs");
            ArrayNode offsets = logprobs.putArray("text_offset");
            for (TokenProbability probability : probabilities) {
                String text = text(probability.token());
                tokens.add(text);
                values.add(probability.token().logprob());
                ObjectNode top = tops.addObject();
                probability.likeliest().forEach(scored -> top.put(text(scored), scored.logprob()));
                offsets.add(offset);
                offset += text.length();
            }
            return logprobs;
        }
    }

    private static String text(TokenProbability.Scored scored) {
        return new String(scored.bytes(), StandardCharsets.UTF_8);
    }
}
