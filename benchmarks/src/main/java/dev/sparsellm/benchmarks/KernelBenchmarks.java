package dev.sparsellm.benchmarks;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the kernels' benchmarks and prints what they read in a second. Takes JMH's own options, and {@code -t 1,2} for
 * several numbers of threads, one after another; without {@code -t}, one thread and all.
 */
public final class KernelBenchmarks {

    private KernelBenchmarks() {}

    /** Ends the JVM with 0 done, 1 failed, 2 used wrongly. */
    public static void main(String[] args) throws Exception {
        List<String> list = new ArrayList<>(Arrays.asList(args));
        if (list.stream().anyMatch(List.of("-h", "-l", "-lp", "-lprof", "-lrf")::contains)) {
            org.openjdk.jmh.Main.main(args);
            return;
        }
        try {
            int[] threads = threads(list);
            run(new CommandLineOptions(list.toArray(String[]::new)), threads, System.out);
        } catch (CommandLineOptionException | NumberFormatException e) {
            System.err.println("benchmarks/kernels: " + e.getMessage() + "; -h lists JMH's options, and -t takes a list"
                    + " of numbers such as 1,2");
            System.exit(2);
        } catch (RunnerException e) {
            System.err.println("benchmarks/kernels: " + e.getMessage());
            System.exit(1);
        }
    }

    /** Takes {@code -t} and its value out of the arguments. */
    private static int[] threads(List<String> args) {
        int at = args.indexOf("-t");
        if (at < 0 || at + 1 == args.size()) {
            return java.util.stream.IntStream.of(1, Runtime.getRuntime().availableProcessors()).distinct().toArray();
        }
        String value = args.remove(at + 1);
        args.remove(at);
        return Arrays.stream(value.split(",")).map(String::strip).mapToInt(Integer::parseInt).toArray();
    }

    /** Runs for each number of threads, then prints a table; where a file of results is asked for, it holds all. */
    static Collection<RunResult> run(Options options, int[] threads, PrintStream out) throws RunnerException {
        Collection<RunResult> results = new ArrayList<>();
        for (int count : threads) {
            results.addAll(new Runner(new OptionsBuilder().parent(options).threads(count).build()).run());
        }
        if (options.getResult().hasValue() || options.getResultFormat().hasValue()) {
            ResultFormatType format = options.getResultFormat().orElse(ResultFormatType.CSV);
            String file = options.getResult().orElse("jmh-result." + format.toString().toLowerCase(java.util.Locale.ROOT));
            ResultFormatFactory.getInstance(format, file).writeOut(results);
        }
        out.println();
        KernelTable.of(results).lines().forEach(out::println);
        return results;
    }
}
