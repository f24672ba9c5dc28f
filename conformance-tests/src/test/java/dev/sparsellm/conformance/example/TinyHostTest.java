package dev.sparsellm.conformance.example;

import dev.sparsellm.conformance.HostConformance;
import dev.sparsellm.conformance.HostRequest;
import dev.sparsellm.conformance.HostedModel;

/** The example of the guide, held to the rules. */
class TinyHostTest extends HostConformance {

    @Override
    protected HostedModel open(HostRequest request) {
        return TinyHosting.open(request);
    }
}
