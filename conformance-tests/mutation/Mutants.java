import java.io.IOException;
import java.lang.instrument.ClassDefinition;
import java.lang.instrument.Instrumentation;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.pitest.classinfo.ClassName;
import org.pitest.classpath.ClassloaderByteArraySource;
import org.pitest.mutationtest.EngineArguments;
import org.pitest.mutationtest.engine.Location;
import org.pitest.mutationtest.engine.Mutater;
import org.pitest.mutationtest.engine.MutationIdentifier;
import org.pitest.mutationtest.engine.gregor.config.GregorEngineFactory;
import org.pitest.reloc.asm.ClassReader;
import org.pitest.reloc.asm.ClassVisitor;
import org.pitest.reloc.asm.ClassWriter;
import org.pitest.reloc.asm.Handle;
import org.pitest.reloc.asm.Label;
import org.pitest.reloc.asm.MethodVisitor;
import org.pitest.reloc.asm.Opcodes;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Runs PIT's mutants in one warm JVM, where PIT's own minions would spend most of their time compiling vector code: the
 * list is that of PIT's dry run, the changes are made by its engine, and classes are redefined in place. Which line is
 * reached by which test is found out first, each test by itself. What is found is appended to a table, line by line; what
 * is in the table already is not run again. See the script {@code run} beside it.
 */
public final class Mutants {

    /** A hang is told by CPU time, since the machine may be busy with something else, or this process be stopped. */
    private static final double MORE_SECONDS = 8;
    private static final double TIMES_LONGER = 8;
    private static final double WITHOUT_GUARD = 10;

    /** Threads that wait for each other, or for a lock: so many looks, a tenth of a second apart, with next to no CPU time. */
    private static final int IDLE_LOOKS = 300;
    private static final double IDLE_SECONDS = 0.6;

    /** For the script: a test hangs where no guard stops it, go on in a new JVM. */
    private static final int AGAIN = 75;

    private static final int PASSES = 4;
    private static final int CHECK_EVERY = 20;

    private static final Launcher LAUNCHER = LauncherFactory.create();

    private static Instrumentation instrumentation;
    private static volatile boolean expired;
    private static int killed;
    private static BitSet[] hits = new BitSet[0];

    private Mutants() {}

    public static void premain(String arguments, Instrumentation given) {
        instrumentation = given;
    }

    record Mutant(String type, String method, String descriptor, int line, String mutator, List<Integer> indexes,
            String description) {

        String key() {
            return String.join("\t", type, method + descriptor, "" + line,
                    mutator.substring(mutator.lastIndexOf('.') + 1), indexes.toString());
        }

        int pass() {
            return Math.floorMod(key().hashCode(), PASSES);
        }

        MutationIdentifier identifier() {
            return new MutationIdentifier(
                    Location.location(ClassName.fromString(type), method, descriptor), indexes, mutator);
        }
    }

    /** A test, what it costs, and the lines it reaches. */
    record Unit(String id, String name, double seconds, Map<String, BitSet> lines) {

        boolean reaches(Mutant mutant) {
            return lines.getOrDefault(mutant.type, new BitSet()).get(mutant.line);
        }
    }

    /** Called by loops of mutants. */
    public static void tick() {
        if (expired) {
            throw new Runaway();
        }
    }

    /** Called by lines of classes whose coverage is looked for. */
    public static void hit(int type, int line) {
        synchronized (hits[type]) {
            hits[type].set(line);
        }
    }

    static final class Runaway extends Error {
        private static final long serialVersionUID = 1;

        Runaway() {
            super("The mutant runs for too long", null, false, false);
        }
    }

    /** Arguments: list, table, coverage, tests, units (a pattern), classes (a pattern), when to end (s), tables whose survivors to run or "-". */
    public static void main(String[] args) throws Exception {
        Path table = Path.of(args[1]);
        Path coverage = Path.of(args[2]);
        Pattern units = Pattern.compile(args[4]);
        Pattern classes = Pattern.compile(args[5]);
        long end = Long.parseLong(args[6]);
        Map<String, List<Mutant>> mutants = new LinkedHashMap<>();
        Set<String> known = Files.exists(table) ? keys(table, "") : Set.of();
        Set<String> wanted = args[7].equals("-") ? null : survivors(args[7].split(","));
        Set<String> types = new HashSet<>();
        for (Mutant mutant : read(Path.of(args[0]))) {
            if (classes.matcher(mutant.type).matches()) {
                types.add(mutant.type);
                if (!known.contains(mutant.key()) && (wanted == null || wanted.contains(mutant.key()))) {
                    mutants.computeIfAbsent(mutant.type, t -> new ArrayList<>()).add(mutant);
                }
            }
        }
        if (!Files.exists(coverage)) {
            measure(args[3].split(","), units, types.stream().sorted().toList(), coverage);
        }
        List<Unit> all = readCoverage(coverage);
        // Every fourth mutant of each class comes first, so that a run that is cut short is a sample of all of them.
        for (int pass = 0; pass < PASSES; pass++) {
            for (Map.Entry<String, List<Mutant>> entry : mutants.entrySet()) {
                int own = pass;
                run(entry.getKey(), entry.getValue().stream().filter(m -> m.pass() == own).toList(), all, table, end);
            }
        }
        System.exit(0);
    }

    private static void run(String name, List<Mutant> mutants, List<Unit> all, Path table, long end) throws Exception {
        Class<?> type = Class.forName(name, false, Mutants.class.getClassLoader());
        ClassloaderByteArraySource source = new ClassloaderByteArraySource(Mutants.class.getClassLoader());
        byte[] original = source.getBytes(name).orElseThrow();
        Mutater mutater = new GregorEngineFactory()
                .createEngine(EngineArguments.arguments().withMutators(List.of("DEFAULTS", "NEGATE_CONDITIONALS")))
                .createMutator(source);
        Map<String, Integer> kills = new HashMap<>();
        for (Mutant mutant : mutants) {
            if (System.currentTimeMillis() / 1000 > end) {
                System.exit(0);
            }
            List<Unit> reaching = all.stream()
                    .filter(unit -> unit.reaches(mutant))
                    .sorted(Comparator.<Unit>comparingInt(unit -> -kills.getOrDefault(unit.id, 0))
                            .thenComparingDouble(Unit::seconds))
                    .toList();
            String verdict = reaching.isEmpty() ? "NO_COVERAGE" : "SURVIVED";
            String by = "";
            int ran = 0;
            double start = cpu();
            if (!reaching.isEmpty()) {
                try {
                    instrumentation.redefineClasses(new ClassDefinition(
                            type, guarded(mutater.getMutation(mutant.identifier()).getBytes())));
                    for (Unit unit : reaching) {
                        ran++;
                        Boolean failed = fails(unit, () -> note(table, mutant, "TIMED_OUT", unit.name, 0, 0));
                        if (expired || failed) {
                            verdict = expired ? "TIMED_OUT" : "KILLED";
                            by = unit.name;
                            kills.merge(unit.id, 1, Integer::sum);
                            break;
                        }
                    }
                } catch (VerifyError | UnsupportedOperationException | ClassFormatError e) {
                    verdict = "NOT_VIABLE";
                } finally {
                    expired = false;
                    instrumentation.redefineClasses(new ClassDefinition(type, original));
                }
            }
            note(table, mutant, verdict, by, ran, cpu() - start);
            if (verdict.equals("KILLED") && ++killed % CHECK_EVERY == 0) {
                check(reaching.get(ran - 1), mutant);
            }
        }
    }

    /** A test that fails without the mutant too would have killed it, and those before it, by mistake. */
    private static void check(Unit unit, Mutant mutant) {
        List<String> failed = execute(request(unit.id));
        if (!failed.isEmpty()) {
            System.out.println("Fails without a mutant, after that of " + mutant.key() + ": " + failed);
            Runtime.getRuntime().halt(1);
        }
    }

    private static void note(Path table, Mutant mutant, String verdict, String by, int ran, double seconds) {
        try {
            Files.writeString(
                    table,
                    "%s\t%s\t%s\t%d\t%.2f\t%s%n".formatted(mutant.key(), verdict, by, ran, seconds, mutant.description),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Runs a test under a watch. */
    private static boolean fails(Unit unit, Runnable hangs) throws InterruptedException {
        boolean[] failed = {false};
        Thread runner = new Thread(() -> failed[0] = !execute(request(unit.id)).isEmpty());
        double limit = cpu() + MORE_SECONDS + TIMES_LONGER * unit.seconds;
        double idleSince = cpu();
        int idle = 0;
        runner.start();
        while (true) {
            runner.join(100);
            if (!runner.isAlive()) {
                return failed[0];
            }
            double now = cpu();
            expired |= now > limit;
            if (now - idleSince > IDLE_SECONDS) {
                idleSince = now;
                idle = 0;
            }
            idle++;
            if (now > limit + WITHOUT_GUARD || idle > IDLE_LOOKS) {
                hangs.run();
                Runtime.getRuntime().halt(AGAIN);
            }
        }
    }

    private static double cpu() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                        .getProcessCpuTime() / 1e9;
    }

    private static LauncherDiscoveryRequest request(String id) {
        return LauncherDiscoveryRequestBuilder.request().selectors(DiscoverySelectors.selectUniqueId(id)).build();
    }

    /** What failed. */
    private static List<String> execute(LauncherDiscoveryRequest request) {
        List<String> failed = new ArrayList<>();
        LAUNCHER.execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                    failed.add(test.getDisplayName() + result.getThrowable().map(t -> ": " + t).orElse(""));
                }
            }
        });
        return failed;
    }

    /** Runs each test alone on classes that write down which lines are reached. */
    private static void measure(String[] tests, Pattern wanted, List<String> types, Path coverage) throws Exception {
        LauncherDiscoveryRequestBuilder builder = LauncherDiscoveryRequestBuilder.request();
        for (String test : tests) {
            builder.selectors(DiscoverySelectors.selectClass(test));
        }
        builder.filters((PostDiscoveryFilter) found -> FilterResult.includedIf(found.getSource()
                .filter(MethodSource.class::isInstance)
                .map(source -> wanted.matcher(((MethodSource) source).getMethodName()).find())
                .orElse(true)));
        Map<String, String> names = new LinkedHashMap<>();
        LAUNCHER.execute(builder.build(), new TestExecutionListener() {
            private final Map<String, String> containers = new HashMap<>();

            @Override
            public void executionStarted(TestIdentifier test) {
                String parent = test.getParentId().map(containers::get).orElse("");
                String name = parent.isEmpty() ? test.getDisplayName() : parent + "." + test.getDisplayName();
                containers.put(test.getUniqueId(), name);
                if (test.isTest() && wanted.matcher(name).find()) {
                    names.put(test.getUniqueId(), name);
                }
            }
        });
        hits = new BitSet[types.size()];
        ClassloaderByteArraySource source = new ClassloaderByteArraySource(Mutants.class.getClassLoader());
        for (int t = 0; t < hits.length; t++) {
            hits[t] = new BitSet();
            instrumentation.redefineClasses(new ClassDefinition(
                    Class.forName(types.get(t), false, Mutants.class.getClassLoader()),
                    probed(source.getBytes(types.get(t)).orElseThrow(), t)));
        }
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, String> name : names.entrySet()) {
            for (BitSet lines : hits) {
                lines.clear();
            }
            double start = cpu();
            List<String> failed = execute(request(name.getKey()));
            double seconds = cpu() - start;
            if (!failed.isEmpty()) {
                System.out.println("Fails without any mutant, and is left out: " + name.getValue() + " " + failed);
                continue;
            }
            text.append("%s\t%s\t%.3f%n".formatted(name.getKey(), name.getValue(), seconds));
            for (int t = 0; t < hits.length; t++) {
                if (!hits[t].isEmpty()) {
                    text.append("\t%s\t%s%n".formatted(types.get(t), hits[t].toString().replaceAll("[{} ]", "")));
                }
            }
        }
        Files.writeString(coverage, text.toString());
        for (String type : types) {
            instrumentation.redefineClasses(new ClassDefinition(
                    Class.forName(type, false, Mutants.class.getClassLoader()), source.getBytes(type).orElseThrow()));
        }
    }

    private static List<Unit> readCoverage(Path coverage) throws IOException {
        List<Unit> units = new ArrayList<>();
        for (String line : Files.readAllLines(coverage)) {
            String[] fields = line.split("\t");
            if (!line.startsWith("\t")) {
                units.add(new Unit(fields[0], fields[1], Double.parseDouble(fields[2]), new TreeMap<>()));
            } else {
                BitSet lines = new BitSet();
                for (String number : fields[2].split(",")) {
                    lines.set(Integer.parseInt(number));
                }
                units.getLast().lines.put(fields[1], lines);
            }
        }
        return units;
    }

    /** What lives in all of some tables. */
    private static Set<String> survivors(String[] tables) throws IOException {
        Set<String> keys = keys(Path.of(tables[0]), "SURVIVED|NO_COVERAGE");
        for (String table : tables) {
            keys.retainAll(keys(Path.of(table), "SURVIVED|NO_COVERAGE"));
        }
        return keys;
    }

    /** Keys of the rows of a table whose verdict is one of those asked for. */
    private static Set<String> keys(Path table, String verdicts) throws IOException {
        Set<String> keys = new HashSet<>();
        for (String line : Files.readAllLines(table)) {
            String[] fields = line.split("\t");
            if (verdicts.isEmpty() || fields[5].matches(verdicts)) {
                keys.add(String.join("\t", List.of(fields).subList(0, 5)));
            }
        }
        return keys;
    }

    private static List<Mutant> read(Path list) throws Exception {
        List<Mutant> mutants = new ArrayList<>();
        NodeList nodes = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(list.toFile())
                .getElementsByTagName("mutation");
        for (int i = 0; i < nodes.getLength(); i++) {
            Element element = (Element) nodes.item(i);
            Function<String, String> text =
                    name -> element.getElementsByTagName(name).item(0).getTextContent();
            List<Integer> indexes = new ArrayList<>();
            NodeList numbers = element.getElementsByTagName("index");
            for (int n = 0; n < numbers.getLength(); n++) {
                indexes.add(Integer.parseInt(numbers.item(n).getTextContent()));
            }
            mutants.add(new Mutant(
                    text.apply("mutatedClass"),
                    text.apply("mutatedMethod"),
                    text.apply("methodDescription"),
                    Integer.parseInt(text.apply("lineNumber")),
                    text.apply("mutator"),
                    indexes,
                    text.apply("description")));
        }
        return mutants;
    }

    private interface Changing {
        MethodVisitor of(MethodVisitor next);
    }

    private static byte[] changed(byte[] bytes, Changing changing) {
        ClassReader reader = new ClassReader(bytes);
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        reader.accept(
                new ClassVisitor(Opcodes.ASM9, writer) {
                    @Override
                    public MethodVisitor visitMethod(
                            int access, String name, String descriptor, String signature, String[] exceptions) {
                        return changing.of(super.visitMethod(access, name, descriptor, signature, exceptions));
                    }
                },
                0);
        return writer.toByteArray();
    }

    /** With a call of {@link #tick} before each jump backwards. */
    private static byte[] guarded(byte[] bytes) {
        return changed(bytes, next -> new MethodVisitor(Opcodes.ASM9, next) {
            private final Set<Label> seen = new HashSet<>();

            @Override
            public void visitLabel(Label label) {
                seen.add(label);
                super.visitLabel(label);
            }

            @Override
            public void visitJumpInsn(int opcode, Label label) {
                if (seen.contains(label)) {
                    super.visitMethodInsn(Opcodes.INVOKESTATIC, "Mutants", "tick", "()V", false);
                }
                super.visitJumpInsn(opcode, label);
            }
        });
    }

    /** With a call of {@link #hit} at each line. */
    private static byte[] probed(byte[] bytes, int type) {
        return changed(bytes, next -> new Probed(next, type));
    }

    /** Probes are put before the first instruction of a line: behind the frame, and not before a NEW that a frame names. */
    private static final class Probed extends MethodVisitor {

        private final int type;
        private int pending = -1;

        Probed(MethodVisitor next, int type) {
            super(Opcodes.ASM9, next);
            this.type = type;
        }

        private void probe() {
            if (pending >= 0) {
                mv.visitLdcInsn(type);
                mv.visitLdcInsn(pending);
                mv.visitMethodInsn(Opcodes.INVOKESTATIC, "Mutants", "hit", "(II)V", false);
                pending = -1;
            }
        }

        @Override
        public void visitLineNumber(int line, Label start) {
            super.visitLineNumber(line, start);
            pending = line;
        }

        @Override
        public void visitInsn(int opcode) {
            probe();
            super.visitInsn(opcode);
        }

        @Override
        public void visitIntInsn(int opcode, int operand) {
            probe();
            super.visitIntInsn(opcode, operand);
        }

        @Override
        public void visitVarInsn(int opcode, int variable) {
            probe();
            super.visitVarInsn(opcode, variable);
        }

        @Override
        public void visitTypeInsn(int opcode, String named) {
            if (opcode != Opcodes.NEW) {
                probe();
            }
            super.visitTypeInsn(opcode, named);
        }

        @Override
        public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
            probe();
            super.visitFieldInsn(opcode, owner, name, descriptor);
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean ofInterface) {
            probe();
            super.visitMethodInsn(opcode, owner, name, descriptor, ofInterface);
        }

        @Override
        public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap, Object... arguments) {
            probe();
            super.visitInvokeDynamicInsn(name, descriptor, bootstrap, arguments);
        }

        @Override
        public void visitJumpInsn(int opcode, Label label) {
            probe();
            super.visitJumpInsn(opcode, label);
        }

        @Override
        public void visitLdcInsn(Object value) {
            probe();
            super.visitLdcInsn(value);
        }

        @Override
        public void visitIincInsn(int variable, int increment) {
            probe();
            super.visitIincInsn(variable, increment);
        }
    }
}
