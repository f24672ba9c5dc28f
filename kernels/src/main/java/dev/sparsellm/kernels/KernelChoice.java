package dev.sparsellm.kernels;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * Which kernels this JVM gets, and why.
 *
 * @param kernels what to use
 * @param warning why it is scalar code although nobody asked for that, with the remedy, in one line; empty otherwise
 */
public record KernelChoice(Kernels kernels, String warning) {

    /** The system property that limits the width of vectors. */
    static final String VECTOR_BITS = "sparsellm.vectorBits";

    static final Kernels SCALAR = new ScalarKernels();

    /**
     * Chooses kernels by the system property {@code sparsellm.vectorBits}: {@code 0} for scalar code, {@code 128},
     * {@code 256} or {@code 512} for vectors no wider than that, unset for the widest this CPU prefers. Vector code is
     * refused, with a warning that names what to do, where it would be slow or cannot load: no incubator module, no C2,
     * another JVM than HotSpot, no fused multiply-add.
     *
     * @throws IllegalArgumentException if the property has another value, naming it
     */
    public static KernelChoice ofThisJvm() {
        String bits = System.getProperty(VECTOR_BITS, "512");
        switch (bits) {
            case "0" -> {
                return new KernelChoice(SCALAR, "");
            }
            case "128", "256", "512" -> {}
            default -> throw new IllegalArgumentException("System property " + VECTOR_BITS + " is '" + bits
                    + "'; allowed are 0 (scalar code), 128, 256 and 512");
        }
        String reason = reasonForScalar();
        return reason.isEmpty()
                ? new KernelChoice(new VectorKernels(), "")
                : new KernelChoice(SCALAR, "Slow scalar code in place of vector code: " + reason);
    }

    /** The order matters: what comes after the module may load classes of the Vector API. */
    private static String reasonForScalar() {
        String vm = System.getProperty("java.vm.name", "");
        if (!vm.contains("HotSpot") && !vm.contains("OpenJDK")) {
            return "only HotSpot compiles vectors well, and this JVM is " + vm + "; run on an OpenJDK build";
        }
        // HotSpot of itself: "mixed mode, emulated-client, sharing" is C1 alone, "interpreted mode" neither.
        String mode = System.getProperty("java.vm.info", "");
        if (mode.contains("emulated-client") || mode.contains("interpreted")) {
            return "the C2 compiler is off (" + mode + "); remove -XX:TieredStopAtLevel and -Xint";
        }
        if (isOn("UseJVMCICompiler")) {
            return "a JVMCI compiler is in place of C2; add -XX:-UseJVMCICompiler";
        }
        Module incubator = ModuleLayer.boot().findModule("jdk.incubator.vector").orElse(null);
        if (incubator == null || !KernelChoice.class.getModule().canRead(incubator)) {
            return "the Vector API is not loaded; add --add-modules jdk.incubator.vector";
        }
        if (!isOn("UseFMA")) { // without the instruction, Java computes it with BigDecimal
            return "the CPU has no fused multiply-add, or an option hides it; remove -XX:-UseFMA and -XX:UseAVX";
        }
        if (VectorWidth.BITS < 128) {
            return "the JVM has vectors of " + VectorWidth.BITS + " bits only; remove -XX:MaxVectorSize if set";
        }
        return "";
    }

    private static boolean isOn(String option) {
        HotSpotDiagnosticMXBean hotSpot = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try {
            return Boolean.parseBoolean(hotSpot.getVMOption(option).getValue());
        } catch (IllegalArgumentException absent) { // builds without JVMCI do not know its options
            return false;
        }
    }
}
