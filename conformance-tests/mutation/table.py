"""Sums up the tables of a mutation run: a line for each group of classes, or for each class."""
import collections
import pathlib
import re
import sys

NOTICED = ("KILLED", "TIMED_OUT")
RULES = ("kernels", "widest", "narrow", "scalar", "chess")
GROUPS = [
    ("kernels: rows, vectors", r"kernels\.(Vector(F|BF|Q|EightRows|RowProduct|Gemm|Loads)|LaneSums|SixBits|SharedRows)"),
    ("kernels: rows, scalar", r"kernels\.Scalar(Blocks|SuperBlocks|RowProduct)"),
    ("kernels: channels, vectors", r"kernels\.Vector(CodeSweeps|ChannelSteps|SparseKernels)"),
    ("kernels: channels, scalar", r"kernels\.Scalar(ChannelSteps|SparseKernels)"),
    ("kernels: channels, either", r"kernels\.(Channel|PackedChannel|HalfChannels|Repacker|BlockFields|Ranges|Scratch)"),
    ("kernels: activations, sums, norms", r"kernels\.(Vector(Kernels|Exp)|ScalarKernels)"),
    ("kernels: which kernels", r"kernels\.(KernelChoice|VectorWidth)"),
    ("kernels: repacked files", r"kernels\.repack\."),
    ("kernels: GGUF", r"kernels\.gguf\."),
    ("chess-plugin: operators", r"chess\.(Sparse|SessionScratch|PartialSums|Parts|PreparedSite|RowChoice|Usage"
                                r"|FirstUse|Originals|Selection$|MaskingRule|Protection)"),
    ("chess-plugin: thresholds and means", r"chess\.(ThresholdSolver|Bounds|ErrorCurve|Distribution|ColumnNorms|Grid"
                                           r"|MeanOfUp|Silu|Method|Selections|Magnitudes)"),
    ("chess-plugin: what is learnt, and profiles", r"chess\.(Calibrator|Recording|SiteStatistics|Shift|FixedPointSums"
                                                   r"|Windows|Site|Profile|Provenance)"),
    ("chess-plugin: plans, settings, preparing", r"chess\.(ChessProvider|ChessSettings|Suitability|Target|Preparation|WeightsInUse)"),
    ("chess-plugin: crossovers and budgets", r"chess\.(Crossover|Budget|DamageMeter|Exchange|MaskedOperators)"),
]


def rows(file):
    for line in file.read_text().splitlines():
        fields = line.split("\t")
        if fields[5] != "NOT_VIABLE":
            yield tuple(fields[:5]), fields[5]


def group(type):
    return next((name for name, pattern in GROUPS if re.search(pattern, type.split("$")[0])), "others")


folder = pathlib.Path(sys.argv[1])
by_class = len(sys.argv) > 2
ruled, unit, reached, run = set(), set(), set(), set()
for file in folder.glob("*.tsv"):
    for key, verdict in rows(file):
        of_rules = file.stem in RULES
        run.add(key)
        if verdict in NOTICED:
            (ruled if of_rules else unit).add(key)
        if of_rules and verdict != "NO_COVERAGE":
            reached.add(key)
listed = collections.Counter()
types = re.findall(r"<mutatedClass>(.*?)</mutatedClass>", (folder / "list" / "mutations.xml").read_text())
for type in types:
    listed[type.split("$")[0] if by_class else group(type)] += 1
counts = collections.defaultdict(lambda: [0, 0, 0, 0, 0])
for key in run:
    for name in (key[0].split("$")[0] if by_class else group(key[0]), "total"):
        count = counts[name]
        count[0] += 1
        count[1] += key not in reached
        count[2] += key in ruled
        count[3] += key in unit and key not in ruled
        count[4] += key in reached and key not in unit and key not in ruled
listed["total"] = len(types)
print("| classes | mutants | run | not reached by a rule | killed by rules | else by unit tests | reached and alive |")
print("| --- | --- | --- | --- | --- | --- | --- |")
names = sorted(listed) if by_class else [name for name, _ in GROUPS] + ["others", "total"]
for name in names:
    if listed[name]:
        print("| " + " | ".join(str(value) for value in [name, listed[name], *counts[name]]) + " |")
