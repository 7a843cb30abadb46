#!/usr/bin/env python3
"""Tables of forecasts of published kernel timings that nothing was fitted to, as calibrate/KERNELS.md has them:
kernel_published.py STEPCAST [FOLDER]. Beside each, two rooflines: at the datasheet's peak and bandwidth, and at the
shares of them that a reader of FlashAttention's papers and of other parts' tables would take."""
import csv
import json
import pathlib
import subprocess
import sys

# Of the peak and of the bandwidth: medians of measured products of A100, H100 and B200 (calibrate/KERNELS.md, GPUs left
# out), long sequences of FlashAttention 2 and 3 (arXiv 2307.08691, 2407.08608), STREAM.
SHARES = {"product": 0.74, "grouped": 0.65, "forward": 0.62, "backward": 0.52, "memory": 0.85}
WIDTH = {"bf16": 2, "fp16": 2, "fp8": 1, "fp8-block": 1, "mxfp8": 1, "nvfp4": 0.5}


def rows_of(path):
    with open(path) as lines:
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def kind_of(row):
    if "bytes" in row:
        return "memory"
    if "phase" in row:
        return row["phase"]
    return "grouped" if "groups" in row else "product"


def work_of(row, kind):
    """FLOP and bytes of a row."""
    number = {key: float(value) for key, value in row.items() if value.replace(".", "").isdigit()}
    if kind == "memory":
        return 0, number["bytes"]
    width = WIDTH[row["dtype"]]
    if kind in ("product", "grouped"):
        m, n, k, groups = number["m"], number["n"], number["k"], number.get("groups", 1)
        return 2 * groups * m * n * k, groups * (width * (m * k + n * k) + 2 * m * n)
    score = number["batch"] * number["heads"] * number["seq_q"] * number["seq_kv"]
    score *= 0.5 if row["mask"] == "causal" else 1
    qk, v = number["head_dim"], number["head_dim_v"]
    return score * 2 * (qk + v if kind == "forward" else 3 * qk + 2 * v), 0


def error(rows):
    errors = [predicted / measured - 1 for predicted, measured in rows]
    n = len(errors)
    return f"{100 * sum(map(abs, errors)) / n:.1f} ({100 * sum(errors) / n:+.1f})"


def main():
    stepcast = sys.argv[1]
    home = pathlib.Path(__file__).resolve().parent.parent / "calibrate/published/kernels"
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else home
    table, total = {}, {}
    for part in sorted(p for p in folder.iterdir() if p.is_dir()):
        gpu = json.loads(subprocess.run([stepcast, "show", "gpu", part.name, "--json"], check=True,
                                        capture_output=True, text=True).stdout)
        files = sorted(part.glob("*.csv"))
        answer = json.loads(subprocess.run([stepcast, "validate", "--json", "--gpu", part.name, *map(str, files)],
                                           check=True, capture_output=True, text=True).stdout)
        shapes = {(str(f), i + 1): r for f in files for i, r in enumerate(rows_of(f))}
        for row in answer["rows"]:
            if row.get("skipped"):
                print("skipped:", part.name, row, file=sys.stderr)
                continue
            shape = shapes[row["file"], row["row"]]
            kind = kind_of(shape)
            flop, moved = work_of(shape, kind)
            name = shape.get("dtype") if kind != "memory" else "fp16"
            peak = value(gpu, "peak_" + name.replace("-", "_")) if kind != "memory" else 1
            bandwidth = value(gpu, "memory_bandwidth")
            ideal = max(flop / peak, moved / bandwidth)
            shared = max(flop / peak / SHARES[kind], moved / bandwidth / SHARES["memory"])
            source = pathlib.Path(row["file"]).stem
            measured = row["measured_time_s"]
            entry = (row["predicted_time_s"], measured), (ideal, measured), (shared, measured)
            narrow = "narrow" if name not in ("bf16", "fp16") else "16 bit"
            table.setdefault((kind, part.name, source, narrow), []).append(entry)
            total.setdefault((kind, narrow, "all"), []).append(entry)
    print("| class | GPU | source | rows | forecast | at the peak | at shares |\n|---|---|---|---|---|---|---|")
    for (kind, part, source, narrow), entries in sorted(table.items()):
        print(f"| {kind}, {narrow} | {part} | {source.split('_', 1)[1]} | {len(entries)} |",
              " | ".join(error(x) for x in zip(*entries)), "|")
    for (kind, narrow, part), entries in sorted(total.items()):
        print(f"| **{kind}, {narrow}** | all | | {len(entries)} |", " | ".join(error(x) for x in zip(*entries)), "|")


def value(gpu, key):
    figure = gpu[key]
    return float(figure["value"] if isinstance(figure, dict) else figure)


if __name__ == "__main__":
    main()
