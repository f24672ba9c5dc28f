package dev.sparsellm.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Walks a list of channels through a {@link ChannelLayout}: plain types in bunches of as many channels as memory serves
 * side by side; quantised ones by bunches of the channels of a group, {@code t = Σ a · q} over the bunch first, so that
 * scales are applied once for each.
 */
final class PackedChannelProduct implements ChannelProduct {

    private final ChannelLayout layout;
    private final ChannelCoding coding;
    private final MemorySegment data;
    private final ChannelSteps steps;

    PackedChannelProduct(ChannelMajor weights, ChannelSteps steps) {
        this.layout = weights.layout();
        this.coding = layout.coding();
        this.data = weights.data();
        this.steps = steps;
    }

    @Override
    public int rows() {
        return layout.rows();
    }

    @Override
    public int columns() {
        return layout.columns();
    }

    @Override
    public int accumulatorLength() {
        return layout.paddedRows();
    }

    @Override
    public int group() {
        return coding.group();
    }

    @Override
    public long bytesRead(int kept) {
        long scales = layout.codesOffset() * layout.units();
        return scales + kept * (layout.paddedRows() / coding.tile() * 64L);
    }

    @Override
    public void accumulate(
            float[] a, int aOffset, int[] channels, int from, int to, float[] y, int yOffset, Reading reading,
            Scratch scratch) {
        Ranges.check(from, to, channels.length, "channels");
        Ranges.check(yOffset, yOffset + layout.paddedRows(), y.length, "accumulator");
        if (from == to) {
            return;
        }
        Ranges.check(channels[from], channels[to - 1] + 1, layout.columns(), "channels listed");
        if (coding.plain()) {
            int sideBySide = reading.channels();
            for (int i = from; i < to; i += sideBySide) {
                plain(channels, i, Math.min(to, i + sideBySide), a, aOffset, y, yOffset);
            }
        } else {
            int sideBySide = reading.channelsOfCodes(layout.stride());
            float[] planes = scratch.floats(Planes.COUNT * layout.paddedRows());
            int unit = -1;
            for (int i = from, end; i < to; i = end) {
                int group = channels[i] / coding.group();
                end = endOfGroup(channels, i, to, group);
                int unitOfGroup = channels[i] / layout.channelsPerUnit();
                if (unitOfGroup != unit) {
                    unit = unitOfGroup;
                    unitScales(unit, planes);
                }
                groupScales(unit, group % layout.groupsPerUnit(), planes);
                group(unit, channels, i, end, sideBySide, a, aOffset, y, yOffset, planes, scratch);
            }
        }
    }

    private int endOfGroup(int[] channels, int from, int to, int group) {
        int last = (group + 1) * coding.group();
        int end = from + 1;
        while (end < to && channels[end] < last) {
            end++;
        }
        return end;
    }

    private void plain(int[] channels, int from, int to, float[] a, int aOffset, float[] y, int yOffset) {
        long stride = layout.stride();
        int n = layout.paddedRows();
        switch (layout.type()) {
            case F32 -> steps.f32(data, 0, stride, channels, from, to, a, aOffset, y, yOffset, n);
            case BF16 -> steps.bf16(data, 0, stride, channels, from, to, a, aOffset, y, yOffset, n);
            default -> HalfChannels.sweep(data, 0, stride, channels, from, to, a, aOffset, y, yOffset, n);
        }
    }

    private void group(
            int unit, int[] channels, int from, int to, int sideBySide, float[] a, int aOffset, float[] y,
            int yOffset, float[] planes, Scratch scratch) {
        int n = layout.paddedRows();
        long codes = unit * layout.unitBytes() + layout.codesOffset();
        float sum = 0;
        for (int i = from; i < to; i++) {
            sum += a[aOffset + channels[i]];
        }
        float shift = coding.zero() * sum;
        int scales = (coding.hasSub() ? Planes.SUBS : Planes.SCALES) * n;
        // Bunches of every bunches-th channel: each memory stream goes on, in the next bunch, with a channel that follows
        // in memory or soon after. (A quarter faster where most are active. Plain types, whose streams would lie far
        // apart in the whole list, lose by it.)
        int bunches = Math.ceilDiv(to - from, sideBySide);
        float up = steps.up(coding.bits());
        for (int b = 0; b < bunches; b++) {
            int count = 0;
            for (int i = from + b; i < to; i += bunches) {
                int inUnit = channels[i] - unit * layout.channelsPerUnit();
                scratch.lines[count] = codes + inUnit * layout.stride();
                scratch.factors[count++] = a[aOffset + channels[i]] * up;
            }
            steps.codes(
                    coding.bits(), data, scratch.lines, scratch.factors, count, scratch.sums,
                    planes, scales, b == 0 ? shift : 0, y, yOffset, n);
        }
        if (coding.hasMin()) {
            int minima = (coding.hasSub() ? Planes.SUB_MINS : Planes.MINS) * n;
            steps.addMinima(planes, minima, sum, y, yOffset, n);
        }
    }

    /** Unpacks the scales that all groups of a unit share. */
    private void unitScales(int unit, float[] planes) {
        int n = layout.paddedRows();
        long at = unit * layout.unitBytes();
        Planes.halves(data, at, 1, planes, Planes.SCALES * n, n);
        if (coding.hasMin()) {
            float sign = coding.hasSub() ? -1 : 1;
            Planes.halves(data, at + layout.minOffset(), sign, planes, Planes.MINS * n, n);
        }
    }

    /** Unpacks a group's own factors and multiplies them with the unit's. */
    private void groupScales(int unit, int group, float[] planes) {
        int n = layout.paddedRows();
        long at = unit * layout.unitBytes() + group * layout.subBytes();
        long sub = at + layout.subOffset();
        switch (coding.scales()) {
            case SUB -> Planes.bytes(data, sub, planes, Planes.SUBS * n, n);
            case SUB_MIN -> {
                Planes.bytes(data, sub, planes, Planes.SUBS * n, n);
                Planes.bytes(data, at + layout.subMinOffset(), planes, Planes.SUB_MINS * n, n);
            }
            case SUB_MIN_NIBBLES -> {
                Planes.bytes(data, sub, planes, Planes.SUBS * n, n);
                steps.splitNibbles(planes, Planes.SUBS * n, planes, Planes.SUB_MINS * n, n);
            }
            default -> {
                return;
            }
        }
        steps.multiply(planes, Planes.SCALES * n, planes, Planes.SUBS * n, n);
        if (coding.hasMin()) {
            steps.multiply(planes, Planes.MINS * n, planes, Planes.SUB_MINS * n, n);
        }
    }

    /**
     * The working memory: planes of one float per output, and how stored scales become floats. Plain loops over memory:
     * C2 turns them into vector conversions (24 G/s from cache; through the Vector API, which knows no F16, 10 G/s).
     * Any further operation on bytes would keep it from that.
     */
    private static final class Planes {

        static final int SCALES = 0;
        static final int MINS = 1;
        static final int SUBS = 2;
        static final int SUB_MINS = 3;
        static final int COUNT = 4;

        static void halves(MemorySegment w, long at, float factor, float[] out, int o, int n) {
            for (int i = 0; i < n; i++) {
                out[o + i] = Float.float16ToFloat(w.get(ScalarBlocks.SHORT, at + 2L * i)) * factor;
            }
        }

        static void bytes(MemorySegment w, long at, float[] out, int o, int n) {
            for (int i = 0; i < n; i++) {
                out[o + i] = w.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at + i);
            }
        }
    }
}
