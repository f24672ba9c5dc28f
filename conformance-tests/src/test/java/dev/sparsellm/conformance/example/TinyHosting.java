package dev.sparsellm.conformance.example;

import dev.sparsellm.conformance.HostRequest;
import dev.sparsellm.conformance.HostedModel;
import dev.sparsellm.conformance.HostedSession;
import dev.sparsellm.spi.Phase;

/** The example host as the kit wants to see it. */
public final class TinyHosting {

    private TinyHosting() {}

    /** Opens it. */
    public static HostedModel open(HostRequest request) {
        TinyHost host = new TinyHost(request.providers(), request.named(), request.settings(), request.threads(),
                request.cacheDirectory(), request.progress(), request.notices());
        return new HostedModel() {
            @Override
            public HostedSession newSession() {
                return new Text(host.newSession());
            }

            @Override
            public void close() {
                host.close();
            }
        };
    }

    private record Text(TinyHost.Session session) implements HostedSession {

        @Override
        public float[] read(int... ids) {
            return last(Phase.PREFILL, ids);
        }

        @Override
        public float[] write(int id) {
            return last(Phase.DECODE, new int[] {id});
        }

        private float[] last(Phase phase, int[] ids) {
            float[][] last = new float[1][];
            session.read(phase, ids, (position, logits) -> last[0] = logits);
            return last[0];
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
