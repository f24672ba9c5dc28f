package dev.sparsellm.runtime.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code -Dkey=value} on the line: the launcher for sh hands it to the JVM, others leave it where it stands. */
final class PropertyArguments {

    private static final Pattern PROPERTY = Pattern.compile("-D([A-Za-z][A-Za-z0-9._-]*)=(.*)", Pattern.DOTALL);

    private PropertyArguments() {}

    /** Moves those in front of a bare {@code --} to the properties, and returns the others. */
    static String[] moveTo(Properties properties, String... args) {
        List<String> others = new ArrayList<>();
        boolean open = true;
        for (String argument : args) {
            open &= !argument.equals("--");
            Matcher property = PROPERTY.matcher(argument);
            if (open && property.matches()) {
                properties.setProperty(property.group(1), property.group(2));
            } else {
                others.add(argument);
            }
        }
        return others.toArray(String[]::new);
    }
}
