package dev.sparsellm.runtime.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One run of all layers: a token, while decoding. */
@Name("dev.sparsellm.Pass")
@Label("Pass")
@Category("SparseLLM")
@Description("One run of all layers over consecutive positions: one token while decoding")
@StackTrace(false)
final class PassEvent extends Event {

    @Label("Phase")
    @Description("PREFILL or DECODE")
    String phase;

    @Label("Lineup")
    @Description("The preference of providers that compute")
    String lineup;

    @Label("Position")
    @Description("Of the first row, from 0")
    int position;

    @Label("Batch")
    @Description("Positions in this pass")
    int batch;

    @Label("Feed-Forward Channels Kept")
    long feedForwardKept;

    @Label("Feed-Forward Channels")
    @Description("What an exact operator computes; 0 where nobody counts")
    long feedForwardTotal;

    @Label("Q Inputs Kept")
    long queryKept;

    @Label("Q Inputs")
    long queryTotal;

    @Label("O Inputs Kept")
    long outputKept;

    @Label("O Inputs")
    long outputTotal;

    @Label("Other Channels Kept")
    @Description("Of K, V and the output head")
    long otherKept;

    @Label("Other Channels")
    long otherTotal;

    @Label("Weights Read")
    @Description("By operators that count, while decoding")
    @DataAmount
    long weightsRead;

    @Label("Weights of Exact Operators")
    @Description("What exact operators would have read in their place")
    @DataAmount
    long weightsDense;
}
