package dev.sparsellm.runtime.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * What one operator of one layer did in a pass. Three in a layer as a rule, so only recorded on request:
 * {@code -XX:StartFlightRecording:filename=run.jfr,+dev.sparsellm.Operator#enabled=true}.
 */
@Name("dev.sparsellm.Operator")
@Label("Operator")
@Category("SparseLLM")
@Description("What one operator left out in one pass")
@Enabled(false)
@StackTrace(false)
final class OperatorEvent extends Event {

    @Label("Operator")
    @Description("Such as blk.3.feed_forward")
    String operator;

    @Label("Phase")
    String phase;

    @Label("Position")
    int position;

    @Label("Channels Kept")
    long kept;

    @Label("Channels")
    long total;

    @Label("Weights Read")
    @DataAmount
    long weightsRead;
}
