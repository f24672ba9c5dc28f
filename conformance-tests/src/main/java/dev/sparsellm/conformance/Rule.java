package dev.sparsellm.conformance;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A rule of this kit, on the method that checks it. The documentation lists them. */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Rule {

    /** {@code P} for providers or {@code H} for hosts, a digit for the theme and two for the rule; never given anew. */
    String number();

    /** What must be so, one sentence. */
    String sentence();

    /** What goes wrong otherwise, one sentence. */
    String reason();
}
