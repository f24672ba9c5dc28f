package dev.sparsellm.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A class of tests that is run again with vectors of each width, in JVMs of their own, because a JVM has one width for
 * life. The build marks the run of 256 bits by the system property {@code sparsellm.test.width}; where the first run had
 * no wider ones, there is nothing new to see, and the class is left out.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("every-width")
@ExtendWith(WidthNotSeen.class)
public @interface EveryWidth {}
