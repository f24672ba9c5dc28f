package dev.sparsellm.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The fields of a request, each checked for what it has to be; {@code null} counts as absent. */
record Fields(ObjectNode object) {

    Optional<JsonNode> any(String name) {
        JsonNode node = object.get(name);
        return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
    }

    Optional<String> text(String name) {
        return any(name).map(node -> {
            if (!node.isTextual()) {
                throw wrong(name, node, "a string");
            }
            return node.textValue();
        });
    }

    boolean flag(String name) {
        return any(name).map(node -> {
            if (!node.isBoolean()) {
                throw wrong(name, node, "true or false");
            }
            return node.booleanValue();
        }).orElse(false);
    }

    double number(String name, double otherwise) {
        return any(name).map(node -> {
            if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
                throw wrong(name, node, "a number");
            }
            return node.doubleValue();
        }).orElse(otherwise);
    }

    Optional<Long> whole(String name, long least, long most) {
        return any(name).map(node -> {
            if (!node.isIntegralNumber() || !node.canConvertToLong()
                    || node.longValue() < least || node.longValue() > most) {
                throw wrong(name, node, most == Long.MAX_VALUE
                        ? "a whole number from " + least
                        : "a whole number from " + least + " to " + most);
            }
            return node.longValue();
        });
    }

    /** One text, or a list of them. */
    List<String> texts(String name, int most) {
        List<String> texts = new ArrayList<>();
        any(name).ifPresent(node -> {
            for (JsonNode item : node.isArray() ? node : List.of(node)) {
                if (!item.isTextual() || item.textValue().isEmpty()) {
                    throw wrong(name, item, "a string that is not empty, or a list of such");
                }
                texts.add(item.textValue());
            }
            if (texts.size() > most) {
                throw ApiException.field(name, "'" + name + "' has " + texts.size() + " texts, but " + most
                        + " at most are allowed");
            }
        });
        return texts;
    }

    /** The fields of an object in a field; none where it is absent. */
    Fields inner(String name) {
        return new Fields(any(name).map(node -> {
            if (!(node instanceof ObjectNode inner)) {
                throw wrong(name, node, "an object");
            }
            return inner;
        }).orElseGet(Json::object));
    }

    static ApiException wrong(String name, JsonNode node, String allowed) {
        String seen = node.toString();
        return ApiException.field(name, "'" + name + "' is "
                + (seen.length() > 80 ? seen.substring(0, 80) + "…" : seen) + ", but has to be " + allowed);
    }
}
