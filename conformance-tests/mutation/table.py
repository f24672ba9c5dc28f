"""Sums up the tables of a mutation run: a line for each class, and one for each package."""
import collections
import pathlib
import sys

NOTICED = ("KILLED", "TIMED_OUT")


def rows(file):
    for line in file.read_text().splitlines():
        fields = line.split("\t")
        if fields[5] != "NOT_VIABLE":
            yield tuple(fields[:5]), fields[5]


folder = pathlib.Path(sys.argv[1])
for name in ("kernels", "scalar", "chess"):
    if not (folder / f"{name}.tsv").exists():
        continue
    units = folder / f"units-{name}.tsv"
    later = {key for key, verdict in rows(units) if verdict in NOTICED} if units.exists() else set()
    counts = collections.defaultdict(lambda: [0, 0, 0, 0])
    for key, verdict in rows(folder / f"{name}.tsv"):
        for group in (key[0].split("$")[0], "total"):
            count = counts[group]
            count[0] += 1
            count[1] += verdict in NOTICED
            count[2] += verdict in NOTICED or key in later
            count[3] += verdict == "NO_COVERAGE"
    print(f"\n{name}: mutants, killed by rules, by rules or unit tests, not reached by a rule")
    for group, (n, rules, either, bare) in sorted(counts.items()):
        print(f"{group:50} {n:5} {rules:5} {rules / n:6.1%} {either:5} {either / n:6.1%} {bare:5}")
