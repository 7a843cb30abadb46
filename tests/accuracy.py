#!/usr/bin/env python3
"""Writes parallelism/ACCURACY.md from `stepcast validate`: needs the program and a folder of measured runs.

usage: tests/accuracy.py build/stepcast RUNS.json... > parallelism/ACCURACY.md
"""
import collections, glob, json, os, shutil, subprocess, sys, tempfile

STACKS = os.path.join(os.path.dirname(__file__), "../parallelism/catalog/stacks")


def validate(program, runs, *options):
    out = subprocess.run([program, "validate", "--json", "--quiet", *options, *runs], check=True,
                         capture_output=True, text=True).stdout
    return json.loads(out)["cases"]


def family_of(runs):
    names = {}
    for path in runs:
        for case in json.load(open(path)):
            names[case["id"]] = os.path.splitext(os.path.basename(path))[0]
    return names


def mean(values):
    return sum(values) / len(values) if values else None


def percent(x, sign=False):
    return "-" if x is None else f"{100 * x:{'+' if sign else ''}.1f} %"


def errors(cases, families):
    by = collections.defaultdict(list)
    for c in cases:
        if not c.get("skipped") and c.get("error_frac") is not None:
            by[families[c["id"]]].append(c["error_frac"])
    return by


def memory_errors(cases, families):
    by = collections.defaultdict(list)
    for c in cases:
        p, m = c.get("predicted_memory_bytes"), c.get("measured_memory_bytes")
        if p and m:
            by[families[c["id"]]].append(p / m - 1)
    return by


def family_table(folds, untuned, families):
    a, b, m = errors(folds, families), errors(untuned, families), memory_errors(folds, families)
    print("| family | runs | cross-validated: mean abs. error | bias | nothing fitted: mean abs. error | bias | memory |")
    print("|---|---|---|---|---|---|---|")
    for f in sorted(a):
        print(f"| {f} | {len(a[f])} | {percent(mean([abs(e) for e in a[f]]))} | {percent(mean(a[f]), True)} | "
              f"{percent(mean([abs(e) for e in b[f]]))} | {percent(mean(b[f]), True)} | "
              f"{percent(mean([abs(e) for e in m[f]]))} |")
    every = [e for f in a for e in a[f]]
    print(f"| all | {len(every)} | {percent(mean([abs(e) for e in every]))} | {percent(mean(every), True)} | "
          f"{percent(mean([abs(e) for f in b for e in b[f]]))} | "
          f"{percent(mean([e for f in b for e in b[f]]), True)} | "
          f"{percent(mean([abs(e) for f in m for e in m[f]]))} |\n")


# One effect each: the stack keys that switch it off.
ABLATIONS = [
    ("generations of fused attention (all as the newest)", {"flash_generation": 3}),
    ("whole-gradient all-reduce under ZeRO 1", {"gradient_all_reduce": False}),
    ("slow-down of compute beside collectives", {"contention": 0}),
    ("stragglers", {"straggler_spread": 0}),
    ("zero-bubble steps that overlap", {"steps_overlap": False}),
    ("the re-gather of sequence parallelism (hidden wholly)", {"wgrad_gather_hidden": 1}),
    ("synchronous transfers between stages", {"p2p_synchronous": False}),
    ("selective recompute by whole layers", {"selective_every": 0}),
    ("deduplication of expert traffic", {"dispatcher": "alltoall"}),
    ("unfused cross-entropy", {"fused_cross_entropy": True}),
    ("dropout", {"dropout": False}),
]


def ablation(program, runs, families, baseline):
    base = {f: mean([abs(e) for e in v]) for f, v in errors(baseline, families).items()}
    print("| effect switched off | all runs | family that loses most |")
    print("|---|---|---|")
    for name, change in ABLATIONS:
        folder = tempfile.mkdtemp()
        try:
            os.mkdir(os.path.join(folder, "stacks"))
            for path in glob.glob(os.path.join(STACKS, "*.json")):
                stack = json.load(open(path))
                stack.update({k: v for k, v in change.items() if k in stack})
                json.dump(stack, open(os.path.join(folder, "stacks", os.path.basename(path)), "w"))
            by = errors(validate(program, runs, "--folds", "2", "--catalog", folder), families)
        finally:
            shutil.rmtree(folder)
        loss = {f: mean([abs(e) for e in by[f]]) - base[f] for f in base}
        worst = max(loss, key=loss.get)
        total = mean([abs(e) for f in by for e in by[f]]) - mean([abs(e) for c in [errors(baseline, families)] for f in c for e in c[f]])
        print(f"| {name} | {100 * total:+.2f} points | {worst} {100 * loss[worst]:+.1f} |", flush=True)
    print()


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, runs = sys.argv[1], sys.argv[2:]
    families = family_of(runs)
    folds = validate(program, runs, "--folds", "5")
    untuned = validate(program, runs, "--stack", "untuned")
    print("# Accuracy on published training runs\n")
    print("Written by `tests/accuracy.py` from `stepcast validate`; the runs are published ones, their sources in each case.")
    print("Cross-validated: five folds, the stacks' constants fitted anew without the runs that are predicted; runs equal in "
          "model, system, job and strategy share a fold. Nothing fitted: stack `untuned`, every constant at its physical "
          "value.\n")
    family_table(folds, untuned, families)
    print("## The ten worst, cross-validated\n")
    print("| run | stack | measured | predicted | error |")
    print("|---|---|---|---|---|")
    ranked = sorted((c for c in folds if not c.get("skipped") and c.get("error_frac") is not None), key=lambda c: -abs(c["error_frac"]))
    for c in ranked[:10]:
        print(f"| {c['id']} | {c.get('stack', '')} | {c['measured_step_time_s']:.3g} s | {c['predicted_step_time_s']:.3g} s | "
              f"{percent(c['error_frac'], True)} |")
    print("\n## What each effect is worth\n")
    print("Mean absolute error with one effect switched off in every stack and all constants fitted anew (two folds), less the same "
          "with it. Negative: these runs are fitted no worse without it.\n")
    ablation(program, runs, families, validate(program, runs, "--folds", "2"))


main()
