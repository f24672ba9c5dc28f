package dev.sparsellm.kernels.gguf;

import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Another JVM that writes half of the file named by its argument, says so, and waits for its end. */
final class WritingProcess {

    private WritingProcess() {}

    public static void main(String[] args) throws IOException {
        new GgufWriter().tensor("t", TensorType.F32, List.of(2L), channel -> {
            channel.write(ByteBuffer.allocate(4));
            System.out.println("half written");
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }).write(Path.of(args[0]));
    }
}
