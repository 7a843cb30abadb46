#!/usr/bin/env python3
"""Writes the tables of calibrate/published/README.md anew from `stepcast validate`, and prints what its text says of them.

usage: tests/published_accuracy.py build/stepcast
"""
import collections, os, re, statistics, sys

from accuracy import FITTED, every, memory_errors, percent, validate

README = os.path.join(os.path.dirname(__file__), "../calibrate/published/README.md")
ROW = re.compile(r"^\| ([^ |]+) \| .* s \| .* s \| .* % \| .* % \|$")


def summary(name, cases):
    errors = [c["error_frac"] for c in cases]
    inside = [c["predicted_step_time_low_s"] <= c["measured_step_time_s"] <= c["predicted_step_time_high_s"] for c in cases]
    size = [abs(e) for e in errors]
    print(f"{name}: {len(cases)} runs, mean {100 * statistics.mean(size):.1f} %, median {100 * statistics.median(size):.1f} %, "
          f"bias {100 * statistics.mean(errors):+.1f} %, worst {100 * max(errors, key=abs):+.1f} %, "
          f"{sum(e > 0.15 for e in size)} over 15 %, {100 * statistics.mean(inside):.0f} % inside, "
          f"memory {percent(every(memory_errors(cases, collections.defaultdict(str))))}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    own, default = ({c["id"]: c for c in validate(sys.argv[1], [], *options)} for options in ((), ("--stack", "default")))
    lines = open(README).read().split("\n")
    for i, line in enumerate(lines):
        row = ROW.match(line)
        if row:
            c, d = own[row.group(1)], default[row.group(1)]
            lines[i] = (f"| {c['id']} | {c['measured_step_time_s']:.3g} s | {c['predicted_step_time_s']:.3g} s | "
                        f"{100 * c['error_frac']:+.1f} % | {100 * d['error_frac']:+.1f} % |")
    open(README, "w").write("\n".join(lines))
    files = {}
    for c in own.values():
        if c.get("error_frac") is not None:
            files.setdefault(os.path.splitext(os.path.basename(c["file"]))[0], []).append(c)
    for name, cases in files.items():
        summary(name, cases)
    blind = [c for name, cases in files.items() if name not in FITTED for c in cases]
    summary("nothing fitted", blind)
    summary("nothing fitted, default stack", [default[c["id"]] for c in blind])


main()
