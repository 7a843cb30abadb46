#!/usr/bin/env python3
"""Which of the layouts that a source measured is fastest: what is forecast to be against what was.

Runs equal in model, system, job and stack that differ in their strategy are a group; runs of one strategy are averaged. The regret
of a group is what the layout that is forecast to be fastest took over the one that was.

usage: tests/layout_picks.py build/stepcast RUNS.json... (the section of parallelism/ACCURACY.md)
       tests/layout_picks.py --check build/stepcast       (the published runs alone, held to a limit)
"""
import collections, glob, itertools, json, os, sys

import accuracy
from accuracy import mean

HEAD = ("| runs | groups | layouts | regret | worst | of the mean layout | within 3 % of the best | pairs in their order |\n"
        "|---|---|---|---|---|---|---|---|")
PUBLISHED = os.path.join(os.path.dirname(__file__), "../calibrate/published/*.json")


def forecast(runs, cases):
    """(file, run, measured and predicted step time) of each run of the files that has both."""
    told = {c["id"]: c for c in cases if c.get("error_frac") is not None and not c.get("skipped")}
    for path in runs:
        for run in json.load(open(path)):
            if run["id"] in told:
                c = told[run["id"]]
                yield (os.path.splitext(os.path.basename(path))[0], run, c["measured_step_time_s"], c["predicted_step_time_s"])


def groups(runs, cases):
    """{(file, question): [(measured, predicted) of each strategy]}, of more than one strategy."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, run, measured, predicted in forecast(runs, cases):
        question = json.dumps([run[k] for k in ("model", "system", "job")] + [run.get("stack")], sort_keys=True)
        found[name, question][json.dumps(run["strategy"], sort_keys=True)].append((measured, predicted))
    averaged = {key: [tuple(map(mean, zip(*v))) for v in by.values()] for key, by in found.items()}
    return {key: layouts for key, layouts in averaged.items() if len(layouts) > 1}


def judge(layouts):
    """Of groups: each one's regret, that of its mean layout, and of pairs 5 % and more apart whether their order is foreseen."""
    regret, other, right = [], [], []
    for group in layouts:
        best = min(m for m, _ in group)
        regret.append(min(group, key=lambda x: x[1])[0] / best - 1)
        other.append(mean(m for m, _ in group) / best - 1)
        right += [(a[0] < b[0]) == (a[1] < b[1]) for a, b in itertools.combinations(group, 2)
                  if max(a[0], b[0]) >= 1.05 * min(a[0], b[0])]
    return regret, other, right


def row(title, layouts):
    regret, other, right = judge(layouts)
    pairs = f"{100 * mean(right):.0f} % of {len(right)}" if right else "-"
    print(f"| {title} | {len(layouts)} | {sum(map(len, layouts))} | {100 * mean(regret):.1f} % | {100 * max(regret):.1f} % | "
          f"{100 * mean(other):.1f} % | {sum(r < 0.03 for r in regret)} | {pairs} |")


def table(found):
    print(HEAD)
    files = collections.defaultdict(list)
    for (name, _), layouts in found.items():
        files[name].append(layouts)
    for name, layouts in sorted(files.items()):
        row(name, layouts)
    row("all", list(found.values()))
    print()


def unfitted():
    return [p for p in sorted(glob.glob(PUBLISHED)) if os.path.splitext(os.path.basename(p))[0] not in accuracy.FITTED]


def check(program):
    """Of runs that nothing was fitted to: no more regret than 1.5 % (a layout at random: 20 and more), nine pairs of ten in order."""
    for options in (), ("--stack", "default"):
        regret, other, right = judge(list(groups(unfitted(), accuracy.validate(program, [], *options)).values()))
        print(f"{options}: {len(regret)} groups, regret {mean(regret):.4f}, of the mean layout {mean(other):.4f}, "
              f"{mean(right):.3f} of {len(right)} pairs in order")
        if len(regret) < 40 or mean(other) < 0.15 or mean(regret) > 0.015 or mean(right) < 0.9:
            sys.exit("the fastest layouts of published runs are not foreseen")


def section(program, runs, folds):
    print("## Which layout is fastest\n")
    print("Runs of one source that are equal in model, system, job and stack and differ in their layout ask the program's question. "
          "Regret: what the layout that is forecast to be fastest took, measured, over the fastest; beside it what the mean layout of "
          "the group took. Pairs: of two layouts 5 % and more apart, how often the faster one is forecast to be. "
          "Written by `tests/layout_picks.py`.\n")
    print("The runs that constants are fitted to, cross-validated:\n")
    table(groups(runs, folds))
    print("Published runs that nothing was fitted to:\n")
    own, plain = (groups(unfitted(), accuracy.validate(program, [], *o)) for o in ((), ("--stack", "default")))
    table(own)
    print("The same by the `default` stack:\n")
    print(HEAD)
    row("all", list(plain.values()))
    print()


def main(usage, check, section):
    """--check PROGRAM, or the section of PROGRAM and its cross-validated RUNS."""
    if len(sys.argv) < 3:
        sys.exit(usage)
    program, runs = sys.argv[1], sys.argv[2:]
    if program == "--check":
        check(runs[0])
    else:
        section(program, runs, accuracy.validate(program, runs, "--folds", "5"))


if __name__ == "__main__":
    main(__doc__, check, section)
