#!/usr/bin/env python3
"""What a step takes more on more GPUs: what is forecast against what was measured.

Two runs are a pair if they are equal in model, GPU, network, sequences a GPU, stack and layout, and one has twice the other's GPUs and
more: the work of a GPU is the same, and what grows is waiting and communication. Runs of one question and size are averaged.

usage: tests/cluster_growth.py build/stepcast RUNS.json... (the section of parallelism/ACCURACY.md)
       tests/cluster_growth.py --check build/stepcast       (the published runs alone, held to a limit)
"""
import collections, itertools, json, math, sys

from accuracy import mean, validate
from layout_picks import forecast, main, unfitted

HEAD = ("| runs | pairs | GPUs | measured | forecast | mean abs. difference | if nothing grew |\n"
        "|---|---|---|---|---|---|---|")
SIZES = {"system": ("gpus", "nodes"), "job": ("global_batch",), "strategy": ("dp", "zero_group", "fsdp_shard")}


def question(run):
    """What two runs of a pair share, and the GPUs of this one."""
    parts = [{k: v for k, v in run[part].items() if k not in keys} for part, keys in SIZES.items()]
    s = run["strategy"]
    dp = run["system"]["gpus"] / math.prod(s.get(k, 1) for k in ("tp", "pp", "cp"))
    return json.dumps([run["model"], run.get("stack"), run["job"]["global_batch"] / dp] + parts, sort_keys=True), run["system"]["gpus"]


def pairs(runs, cases):
    """{file: [(GPUs of the smaller, of the larger, measured growth, forecast growth)]}, growth as a natural logarithm."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, run, measured, predicted in forecast(runs, cases):
        if "global_batch" in run["job"]:
            key, gpus = question(run)
            found[name, key][gpus].append((math.log(measured), math.log(predicted)))
    out = collections.defaultdict(list)
    for (name, _), sizes in found.items():
        at = {n: tuple(map(mean, zip(*v))) for n, v in sizes.items()}
        for a, b in itertools.combinations(sorted(at), 2):
            if b >= 2 * a and b >= 16:
                out[name].append((a, b, at[b][0] - at[a][0], at[b][1] - at[a][1]))
    return out


def row(title, rows):
    a, b, measured, forecast = zip(*rows)
    off = mean(abs(m - f) for m, f in zip(measured, forecast))
    print(f"| {title} | {len(rows)} | {min(a)} to {max(b)} | {100 * mean(measured):+.1f} % | {100 * mean(forecast):+.1f} % | "
          f"{100 * off:.1f} % | {100 * mean(map(abs, measured)):.1f} % |")


def table(found):
    print(HEAD)
    for name, rows in sorted(found.items()):
        row(name, rows)
    row("all", [r for rows in found.values() for r in rows])
    print()


def check(program):
    """Of runs that nothing was fitted to: growth is forecast, and better than if there were none."""
    rows = [r for rows in pairs(unfitted(), validate(program, [])).values() for r in rows]
    measured, forecast = mean(r[2] for r in rows), mean(r[3] for r in rows)
    off, none = mean(abs(r[2] - r[3]) for r in rows), mean(abs(r[2]) for r in rows)
    print(f"{len(rows)} pairs: {measured:.4f} measured, {forecast:.4f} forecast, {off:.4f} off, {none:.4f} if nothing grew")
    if len(rows) < 40 or off > 0.9 * none or abs(measured - forecast) > 0.025:
        sys.exit("what a step takes more on more GPUs is not foreseen")


def section(program, runs, folds):
    print("## What the same work takes on more GPUs\n")
    print("Runs of one source that are equal in model, layout, stack and work of a GPU, one on twice as many GPUs or more. Growth of "
          "the step, measured and forecast, mean over the pairs. Written by `tests/cluster_growth.py`.\n")
    print("The runs that constants are fitted to, cross-validated:\n")
    table(pairs(runs, folds))
    print("Published runs that nothing was fitted to:\n")
    table(pairs(unfitted(), validate(program, [])))


if __name__ == "__main__":
    main(__doc__, check, section)
