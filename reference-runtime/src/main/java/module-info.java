/** A llama3.java-style host of the operator SPI: models in GGUF files, sessions, the command line. */
module dev.sparsellm.runtime {
    requires transitive dev.sparsellm.spi;
    requires transitive dev.sparsellm.kernels;
    requires info.picocli;
    requires com.fasterxml.jackson.databind;
    requires org.jline.reader;
    requires org.jline.terminal;
    requires me.tongfei.progressbar;

    // Where the flight recorder is absent, there are no events.
    requires static jdk.jfr;

    exports dev.sparsellm.runtime;
    exports dev.sparsellm.runtime.chat;
    exports dev.sparsellm.runtime.compare;
    exports dev.sparsellm.runtime.demo;
    exports dev.sparsellm.runtime.eval;
    exports dev.sparsellm.runtime.lineup;
    exports dev.sparsellm.runtime.quality;
    exports dev.sparsellm.runtime.sampling;
    exports dev.sparsellm.runtime.serve;
    exports dev.sparsellm.runtime.synthetic;
    exports dev.sparsellm.runtime.tokenizer;

    // Commands are described by annotations on their fields.
    opens dev.sparsellm.runtime.cli to
            info.picocli;

    uses dev.sparsellm.runtime.serve.ModelServer;
    uses dev.sparsellm.spi.OperatorProvider;

    provides dev.sparsellm.spi.OperatorProvider with
            dev.sparsellm.runtime.dense.DenseProvider;
}
