#!/usr/bin/env python3
"""Prints the tables of calibrate/README.md: kernels that a fit has not seen, and GPUs that it has not seen.

usage: tests/kernel_accuracy.py build/stepcast KERNELS [folds|transfer]...   KERNELS/<gpu>/{gemm,moe,attention_*}.csv
"""
import collections, csv, glob, json, math, os, subprocess, sys, tempfile

CATALOG = os.path.join(os.path.dirname(__file__), "../hardware/catalog/gpus")
GPUS = ["a100-sxm-80gb", "h100-sxm", "l40s", "b200-sxm", "gb200", "gb300"]
# Whose constants stand in for a GPU whose own samples are not seen.
RELATIVES = [("b200-sxm", "gb200"), ("gb200", "b200-sxm"), ("gb300", "gb200"), ("gb300", "b200-sxm"),
             ("a100-sxm-80gb", "h100-sxm"), ("h100-sxm", "a100-sxm-80gb"), ("h100-sxm", "b200-sxm"),
             ("l40s", "a100-sxm-80gb"), ("l40s", "h100-sxm")]
# Classes that relatives share; other narrow types were not measured on each of them.
TRANSFERRED = [("large GEMM", "bf16"), ("large GEMM", "fp8"), ("GEMM", "bf16"), ("prefill", "16 bit"),
               ("prefill", "fp8"), ("decode", "16 bit"), ("decode", "fp8"), ("experts", "fp8")]


def files_of(kernels, gpu):
    return [f for f in sorted(glob.glob(os.path.join(kernels, gpu, "*.csv"))) if "collective" not in f]


def samples(path):
    return list(csv.DictReader(line for line in open(path) if not line.startswith("#")))


def validate(program, gpu, files, *options):
    out = subprocess.run([program, "validate", "--gpu", gpu, "--json", "--quiet", *options, *files],
                         check=True, capture_output=True, text=True).stdout
    rows = {path: samples(path) for path in files}
    for r in json.loads(out)["rows"]:
        if not r.get("skipped"):
            yield rows[r["file"]][r["row"] - 1], r


def kind(s):
    """Class and datatype of a sample, as the tables name them."""
    if "phase" in s:
        narrow = "fp8" in ((s["kv_dtype"],) if s["phase"] == "decode" else (s["dtype"], s["kv_dtype"]))
        return s["phase"], "fp8" if narrow else "16 bit"
    return ("experts" if "hidden" in s else "GEMM"), s["dtype"]


def classes(s):
    name, dtype = kind(s)
    yield name, dtype
    if name == "GEMM" and min(int(s[d]) for d in "mnk") >= 512:
        yield "large GEMM", dtype


def percent(values, sign=False):
    values = list(values)
    if not values:
        return "-"
    return f"{100 * sum(v if sign else abs(v) for v in values) / len(values):{'+' if sign else ''}.1f}"


ORDER = ["large GEMM", "GEMM", "prefill", "decode", "experts"]


def folds_table(program, kernels):
    cells = collections.defaultdict(list)
    for gpu in GPUS:
        for s, r in validate(program, gpu, files_of(kernels, gpu), "--folds", "5"):
            measured = r["measured_time_s"]
            for c in classes(s):
                cells[c, gpu, "form"].append(r["predicted_time_s"] / measured - 1)
                cells[c, gpu, "roofline"].append(r.get("roofline_time_s", math.nan) / measured - 1)
    print("| class | type | " + " | ".join(GPUS) + " |\n|---|---|" + "---|" * len(GPUS))
    for c in sorted({key[0] for key in cells}, key=lambda c: (ORDER.index(c[0]), c[1])):
        row = [f"**{percent(cells[c, g, 'form'])}** ({percent(cells[c, g, 'form'], True)}; "
               f"{percent(cells[c, g, 'roofline'])})" if cells[c, g, "form"] else "-" for g in GPUS]
        print(f"| {c[0]} | {c[1]} | " + " | ".join(row) + " |")


def figures(program, gpu):
    shown = json.loads(subprocess.run([program, "show", "gpu", gpu, "--json", "--quiet"], check=True,
                                      capture_output=True, text=True).stdout)
    value = lambda key: shown[key]["value"] if isinstance(shown.get(key), dict) else shown.get(key, 0)
    return {"bf16": value("peak_bf16"), "bandwidth": value("memory_bandwidth")}


def roofs(s, gpu):
    """Seconds of a bf16 sample's FLOP and bytes by the datasheet: large products and 16 bit prefill."""
    if "phase" in s:
        b, q, h, kv, d = (int(s[x]) for x in ("batch", "seq_q", "heads", "kv_heads", "head_dim"))
        return 2 * b * h * q * q * d / gpu["bf16"], 4 * b * q * d * (h + kv) / gpu["bandwidth"]
    m, n, k = (int(s[x]) for x in "mnk")
    return 2 * m * n * k / gpu["bf16"], 2 * (m * n + m * k + n * k) / gpu["bandwidth"]


def fit_roofline(points):
    """t0, shares of peak and bandwidth with the least mean |ln error|: descent on a shrinking grid."""
    cost = lambda c: sum(abs(math.log((c[0] + max(f / c[1], b / c[2])) / t)) for f, b, t in points)
    best, step = [5e-6, 0.7, 0.7], 0.5
    least = cost(best)
    while step > 0.005:
        moved = False
        for i in range(3):
            for sign in (1, -1):
                trial = list(best)
                trial[i] *= math.exp(sign * step)
                if (c := cost(trial)) < least:
                    best, least, moved = trial, c, True
        step = step if moved else step / 2
    return best


def as_relative(gpu, relative, folder):
    """The GPU's own figures with the relative's constants, as a catalog file of another name."""
    d = json.load(open(os.path.join(CATALOG, gpu + ".json")))
    for key in ("calibration", "collective"):
        d.pop(key, None)
    d["name"], d["like"] = "unseen", relative
    path = os.path.join(folder, "unseen.json")
    json.dump(d, open(path, "w"))
    return path


def transfer_cell(errors, line):
    """Mean absolute error, in brackets the bias and the roofline's error, where there is one."""
    if not errors:
        return "-"
    return f"{percent(errors)} ({percent(errors, True)}{'; ' + percent(line) if line else ''})"


def transfer_table(program, kernels):
    print("| GPU | constants of | " + " | ".join(" ".join(c) for c in TRANSFERRED) + " |\n" +
          "|---" * (2 + len(TRANSFERRED)) + "|")
    for gpu, relative in RELATIVES:
        with tempfile.TemporaryDirectory() as folder:
            path = as_relative(gpu, relative, folder)
            errors, lines = collections.defaultdict(list), collections.defaultdict(list)
            own, theirs, points = figures(program, gpu), figures(program, relative), collections.defaultdict(list)
            for f in files_of(kernels, relative):
                for s in samples(f):
                    for c in classes(s):
                        if c in (("large GEMM", "bf16"), ("prefill", "16 bit")):
                            points[c].append((*roofs(s, theirs), 1e-6 * float(s["time_us"])))
            fits = {c: fit_roofline(p) for c, p in points.items()}
            for s, r in validate(program, path, files_of(kernels, gpu)):
                for c in classes(s):
                    errors[c].append(r["predicted_time_s"] / r["measured_time_s"] - 1)
                    if c in fits:
                        f, b = roofs(s, own)
                        t0, e, eb = fits[c]
                        lines[c].append((t0 + max(f / e, b / eb)) / r["measured_time_s"] - 1)
            print(f"| {gpu} | {relative} | " +
                  " | ".join(transfer_cell(errors[c], lines[c]) for c in TRANSFERRED) + " |")


if __name__ == "__main__":
    parts = sys.argv[3:] or ["folds", "transfer"]
    if "folds" in parts:
        folds_table(sys.argv[1], sys.argv[2])
    if "transfer" in parts:
        transfer_table(sys.argv[1], sys.argv[2])
