package dev.sparsellm.conformance.ours;

import dev.sparsellm.conformance.HostConformance;
import dev.sparsellm.conformance.HostRequest;
import dev.sparsellm.conformance.HostedModel;
import dev.sparsellm.conformance.HostedSession;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.demo.DemoModel;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;

/** The reference runtime as a host, on the demo model. */
class ReferenceRuntimeTest extends HostConformance {

    private static final int CONTEXT = 64;

    @TempDir
    static Path cache;

    @Override
    protected HostedModel open(HostRequest request) {
        ModelOptions options = ModelOptions.defaults()
                .withThreads(request.threads())
                .withProviders(String.join(",", request.named()))
                .withSettings(request.settings())
                .withCacheDirectory(request.cacheDirectory())
                .withProgress(request.progress())
                .withNotices(request.notices());
        Model model = Model.load(DemoModel.locate(cache).orElseThrow(), options, request.providers());
        try {
            model.defaultLineup();
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
        return new HostedModel() {
            @Override
            public HostedSession newSession() {
                return new Text(
                        model.newSession(model.defaultLineup(), CONTEXT), model.description().shape().vocab());
            }

            @Override
            public void close() {
                model.close();
            }
        };
    }

    private record Text(Session session, int vocab) implements HostedSession {

        @Override
        public float[] read(int... ids) {
            float[][] last = new float[1][];
            session.read(ids, ids.length - 1, (row, all, offset) -> last[0] = row(all, offset));
            return last[0];
        }

        @Override
        public float[] write(int id) {
            float[][] last = new float[1][];
            session.readAsDecoding(new int[] {id}, (row, all, offset) -> last[0] = row(all, offset));
            return last[0];
        }

        private float[] row(float[] all, int offset) {
            return Arrays.copyOfRange(all, offset, offset + vocab);
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
