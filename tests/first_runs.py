#!/usr/bin/env python3
"""What a user's first runs tell: of every software in every file of calibrate/published with six runs and more, `calibrate fit`
is given some, three draws each, and forecasts the others. Prints the table of calibrate/published/README.md.

usage: tests/first_runs.py build/stepcast
"""
import collections, glob, json, os, random, statistics, subprocess, sys, tempfile

from accuracy import FITTED

PUBLISHED = os.path.join(os.path.dirname(__file__), "../calibrate/published/*.json")
DRAWS, MOST = 3, 5
KNOWN = (0, 2, 3, 5)


def groups():
    found = collections.defaultdict(list)
    for path in sorted(glob.glob(PUBLISHED)):
        name = os.path.splitext(os.path.basename(path))[0]
        for case in json.load(open(path)):
            if name not in FITTED and case["measured"].get("step_time_s"):
                found[name, case.get("stack", "default")].append(case)
    return {key: cases for key, cases in found.items() if len(cases) > MOST}


def write(path, cases):
    with open(path, "w") as out:
        json.dump(cases, out)


def forecasts(program, folder, stack, told, rest):
    """The rest's (error, inside its interval) by the stack that the told runs make; by the stack as it is without any."""
    path = {name: os.path.join(folder, name + ".json") for name in ("told", "rest", "own")}
    write(path["rest"], rest)
    if told:
        write(path["told"], told)
        subprocess.run([program, "calibrate", "fit", "--stack", stack, path["told"], "-o", path["own"], "--quiet"], check=True)
        stack = path["own"]
    out = subprocess.run([program, "validate", path["rest"], "--stack", stack, "--json", "--quiet"], stdout=subprocess.PIPE, check=True)
    return [(abs(c["error_frac"]), c["predicted_step_time_low_s"] <= c["measured_step_time_s"] <= c["predicted_step_time_high_s"])
            for c in json.loads(out.stdout)["cases"] if c.get("error_frac") is not None]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    all_groups = {known: [] for known in KNOWN}
    print("| file | stack | runs | " + " | ".join(f"{known} known" for known in KNOWN) + " |\n|---|---|---|" + "---|" * len(KNOWN))
    with tempfile.TemporaryDirectory() as folder:
        for (name, stack), cases in groups().items():
            columns = []
            for known in KNOWN:
                found = []
                for draw in range(DRAWS):
                    order = random.Random(f"{name} {stack} {draw}").sample(cases, len(cases))
                    found += forecasts(sys.argv[1], folder, stack, order[:known], order[MOST:])
                error, inside = statistics.mean(e for e, _ in found), statistics.mean(i for _, i in found)
                all_groups[known].append((error, inside))
                columns.append(f"{100 * error:.1f}")
            print(f"| {name} | {stack} | {len(cases)} | " + " | ".join(columns) + " |", flush=True)
    mean = [[100 * statistics.mean(g[i] for g in all_groups[known]) for i in (0, 1)] for known in KNOWN]
    print(f"| mean of the {len(all_groups[0])} | | | " + " | ".join(f"{error:.1f} ({inside:.0f} % inside)" for error, inside in mean) + " |")


main()
