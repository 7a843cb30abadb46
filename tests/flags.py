#!/usr/bin/env python3
"""flags.py PROGRAM: every documented flag of every command changes something.

For each command, each flag that its --help shows is given beside a command line that lacks it; what
comes back must differ: exit code, words, numbers, files. An answer that only repeats the flag does not
count: of JSON, what describes the question is left out. A flag without a row fails, and so does a row
without a flag. Aliases must do what the flag's own name does.
"""
import concurrent.futures
import functools
import json
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
RUN = DATA + "/frameworks/megatron.sh"
LOG = DATA + "/logs/torchtitan.log"
BASE = "--model llama3-8b --system dgx-h100 --gpus 16 --seq-length 4096 --global-batch 64"
MOE = "--model mixtral-8x7b --gpus 16 --ep 8"
MOE_TP = "--model mixtral-8x7b --gpus 16 --ep 2 --tp 4"

# flag: (what both command lines have, what only the second one has[, what stands before both])
SCENARIO = {
    "model": ("", "--model llama3-70b"),
    "system": ("", "--system dgx-a100"),
    "gpus": ("", "--gpus 32"),
    "gpu": ("", "--gpu h200-sxm"),
    "gpus-per-node": ("--tp 8 --zero 1", "--gpus-per-node 4"),
    "scale-up-domain": ("--tp 8 --zero 1", "--scale-up-domain 4"),
    "nic": ("--tp 1 --pp 2 --dp 8 --zero 1", "--nic 10Gb/s"),
    "stack": ("", "--stack untuned"),
    "catalog": ("", "--catalog CATALOG"),
    "scenario": (None, "--scenario SCENARIO"),
    "from": (None, "--from " + RUN + " --system dgx-h100"),
    "seq-length": ("", "--seq-length 8192"),
    "global-batch": ("", "--global-batch 128"),
    "precision": ("", "--precision fp8"),
    "optimizer": ("", "--optimizer muon"),
    "document-mean": ("", "--document-mean 512"),
    "document-spread": ("--document-mean 512 --tp 4", "--document-spread 400"),
    "expert-imbalance": (MOE, "--expert-imbalance 2"),
    "expert-capacity": (MOE + " --expert-imbalance 2", "--expert-capacity 4"),
    "tp": ("--tp 2", "--tp 8"),
    "cp": ("--cp 2", "--cp 8"),
    "pp": ("--pp 2", "--pp 4"),
    "vpp": ("--pp 4", "--vpp 2"),
    "dp": ("--dp 2", "--dp 4"),
    "ep": ("--model mixtral-8x7b --gpus 16 --ep 2", "--ep 4"),
    "etp": (MOE_TP + " --etp 1", "--etp 4"),
    "micro-batch": ("--micro-batch 1", "--micro-batch 4"),
    "sequence-parallel": ("--tp 4", "--no-sequence-parallel"),
    "zero": ("--zero 1", "--zero 0"),
    "recompute": ("--recompute none", "--recompute full"),
    "recompute-layers": ("--recompute full", "--recompute-layers 4"),
    "recompute-modules": ("--recompute selective", "--recompute-modules mlp"),
    "schedule": ("--pp 4", "--schedule gpipe"),
    "attention": ("", "--attention unfused"),
    "overlaps": ("--tp 2 --zero 1", "--overlaps none"),
    "zero-group": ("--tp 1 --zero 1", "--zero-group 8"),
    "fsdp-shard": ("--stack torchtitan --tp 1 --zero 3", "--fsdp-shard 8"),
    "reshard-after-forward": ("--stack torchtitan --tp 1 --zero 3", "--no-reshard-after-forward"),
    "dispatcher": (MOE, "--dispatcher allgather"),
    "cp-comm": ("--cp 8", "--cp-comm allgather"),
    "pp-layout": ("--pp 2", "--pp-layout Et*20|t*12L"),
    "first-last-stage-fewer-layers": ("--pp 4", "--first-last-stage-fewer-layers 2"),
    "first-stage-layers": ("--pp 4", "--first-stage-layers 5"),
    "last-stage-layers": ("--pp 4", "--last-stage-layers 5"),
    "microbatch-group": ("--pp 4 --vpp 2 --tp 1 --micro-batch 1", "--microbatch-group 8"),
    "torch-compile": ("--stack torchtitan", "--no-torch-compile"),
    "offload-optimizer": ("--tp 1 --pp 1 --zero 0", "--offload-optimizer"),
    "offload-activations": ("--recompute none --tp 2", "--offload-activations 0.5"),
    "tiles": ("--recompute full", "--tiles mlp,loss"),
}
COMMON = {
    "json": ("", "--json"),
    "csv": ("", "--csv"),
    "output": ("", "-o OUT"),
    "quiet": (None, "--from " + RUN + " --system dgx-h100 --quiet"),
    "strict": ("", "--strict"),
    "threads": ("", "--threads 1"),
    "help": ("", "--help"),
    "version": ("", "--version"),
}
STEP = {**SCENARIO, **COMMON}

# --threads changes no answer but where the number is part of it; elsewhere it is at least refused.
THREADS = {"threads": ("", "--threads 0")}

# command: (line that its flags stand behind, its rows)
COMMANDS = {
    "search": ("--json --top 3", {**STEP,
        "top": ("", "--top 2"),
        "no-prune": ("", "--no-prune"),
        "open": ("--pp 4 --tp 1", "--open schedule"),
        "near-ties": ("", "--near-ties"),
        "maximize": ("--tp 8", "--maximize micro_batch"),
        "pareto": ("", "--pareto"),
        "objective": ("--gpus 16,32", "--objective cost_per_token"),
        "price-per-gpu-hour": ("--gpus 16,32", "--price-per-gpu-hour 3"),
        "tokens-per-second": ("--gpus 16,32", "--tokens-per-second 200000"),
        "deadline": ("--gpus 16,32", "--deadline 1s"),
        "tokens": ("--gpus 16,32 --deadline 60d", "--tokens 1T"),
        "simulate": ("", "--simulate"),
    }),
    "estimate": ("--json", {**STEP,
        "threads": ("--what-if attention=2x", "--threads 0"),
        "trace": ("", "--trace OUT"),
        "memory": ("", "--memory"),
        "what-if": ("", "--what-if attention=1.5x"),
        "explain": ("", "--explain"),
        "simulate": ("", "--simulate"),
    }),
    "report": ("-o DIR", {**STEP,
        **THREADS,
        "output": ("", "-o OUT", ""),
        "top": ("", "--top 2"),
        "diff": ("", "--diff", "SCENARIO SCENARIO"),
    }),
    "sweep": ("--json --vary gpu.memory=1x,1.5x", {**STEP,
        "vary": ("", "--vary job.precision=bf16,fp8"),
        "sensitivity": ("", "--sensitivity"),
    }),
    "export": ("--to megatron-lm", {**STEP,
        **THREADS,
        "to": ("", "--to torchtitan"),
        "fsdp-shard": ("--to torchtitan --tp 1 --zero 3", "--fsdp-shard 8"),
        "reshard-after-forward": ("--to torchtitan --tp 1 --zero 3", "--reshard-after-forward"),
        "torch-compile": ("--to torchtitan --stack torchtitan", "--no-torch-compile"),
    }),
    "plot": ("breakdown --data OUT", {**STEP,
        **THREADS,
        "top": ("", "--top 2"),
        "x": ("", "--x micro-batch", "heatmap --data OUT"),
        "y": ("", "--y micro-batch", "heatmap --data OUT"),
        "data": ("", "--data OUT2"),
        "script": ("", "--script OUT2"),
        "folds": ("", "--folds 2", "validation --data OUT"),
        "vary": ("--vary gpus=16,32", "--vary gpus=32,64", "sweep --data OUT"),
    }),
    "compare": (LOG + " --json", {**STEP,
        "kineto": ("", "--kineto " + DATA + "/logs/kineto.json"),
    }),
    "validate": ("", {**COMMON,
        "gpu": ("GEMM", "--gpu h100-sxm"),
        "system": ("GEMM", "--system dgx-h100"),
        "stack": ("", "--stack untuned"),
        "catalog": ("CASES", "--catalog CATALOG"),
        "folds": ("CASES", "--folds 2"),  # all published runs would be fitted once a stack
        "leave-out": ("CASES", "--leave-out stack"),
        "max-error": ("", "--max-error 0.001"),
        "quiet": ("TWICE --gpu h100-sxm", "--quiet"),
    }),
    "calibrate": ("", {**COMMON,
        "gpu": ("fit GEMM", "--gpu h100-sxm"),
        "system": ("fit GEMM", "--system dgx-h100"),
        "stack": ("fit CASES", "--stack megatron-core"),
        "catalog": ("fit CASES --stack megatron-core", "--catalog CATALOG"),
        "into": ("fit GEMM --gpu h100-sxm", "--into CATALOG/gpus/h100-sxm.json"),
        "op": ("import NCCL", "--op broadcast"),
        "ranks": ("import NCCL --op all_reduce", "--ranks 16"),
        "dtype": ("import UNTYPED --op all_reduce --ranks 8", "--dtype bf16"),
        "device": ("run -o DIR", "--device none"),
        "seconds": ("run -o DIR", "--seconds 0"),
        "no-measure": ("run -o DIR", "--no-measure"),
        "json": ("run -o MEASURED --no-measure --gpu h100-sxm", "--json"),
        "output": ("import NCCL --op all_reduce --ranks 8", "-o OUT"),
        "quiet": ("fit CASES --stack untuned", "--quiet"),
    }),
    "list": ("gpus", {**COMMON,
        "catalog": ("", "--catalog CATALOG"),
        "quiet": ("", "--quiet"),
    }),
    "show": ("gpu h100-sxm", {**COMMON,
        "catalog": ("", "--catalog CATALOG"),
        "seq-length": ("", "--seq-length 100000", "model llama3-8b"),
        "quiet": ("", "--quiet", "model VISION"),
    }),
    "support": ("", {**COMMON,
        "gpu": ("", "--gpu h100-sxm"),
        "system": ("", "--system dgx-h100"),
        "catalog": ("--gpu OWN", "--catalog CATALOG"),
        "precision": ("", "--precision fp8"),
    }),
    "completion": ("bash", COMMON),
    "help": ("search", COMMON),
}


# Of an answer in JSON: what was asked, and what may differ from run to run.
QUESTION = frozenset(("scenario", "model", "system", "job", "strategy", "given", "stack", "elapsed_s",
                      "threads"))
FILES = {}


def write(name, text):
    os.makedirs(os.path.dirname(os.path.join(FILES["folder"], name)), exist_ok=True)
    path = os.path.join(FILES["folder"], name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def run(words, folder):
    """Runs the program; words that name an input are replaced by its path."""
    names = r"\b(%s)\b" % "|".join(FILES)
    words = [re.sub(names, lambda m: FILES[m[0]], w) for w in words]
    environment = {"PATH": FILES["BIN"], "STEPCAST_BENCH": FILES["BENCH"], "LC_ALL": "C"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    done = subprocess.run([PROGRAM] + words, cwd=folder, env=environment, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=300, check=False)
    return done


def without(value, keys):
    if isinstance(value, dict):
        return {k: without(v, keys) for k, v in value.items() if k not in keys}
    if isinstance(value, list):
        return [without(v, keys) for v in value]
    return value


@functools.lru_cache(maxsize=None)
def answer(line, hidden):
    """Everything that a command line brings, but for what repeats its words."""
    words = line.split(" ")
    with tempfile.TemporaryDirectory() as folder:
        done = run(words, folder)
        if done.returncode < 0 or done.returncode > 4:
            raise SystemExit("stepcast %s: exit %d\n%s" % (" ".join(words), done.returncode, done.stderr))
        out = done.stdout.decode()
        try:
            out = without(json.loads(out), hidden)
        except ValueError:
            out = re.sub(r"[0-9.]+ m?s on [0-9]+ threads?", "", out)
        return done.returncode, out, done.stderr.decode(), files_of(folder, hidden)


def files_of(folder, hidden):
    """What was written; a report's page repeats its words, its numbers stand beside it."""
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if name == "index.html":
                continue
            with open(path, encoding="utf-8") as file:
                text = file.read()
            try:
                files[path[len(folder):]] = without(json.loads(text), hidden)
            except ValueError:
                files[path[len(folder):]] = text
    return files


def documented(command):
    """Flags of a command's help: {name: its aliases}."""
    text = run([command, "--help"], ".").stdout.decode()
    flags = {}
    for line in text.splitlines():
        if re.match(r"  (-\w, )?--", line):
            names = re.findall(r"--(?:\[no-\])?([a-z][a-z-]*)", line.split("  ", 2)[1])
            flags[names[0]] = names[1:]
    return flags


def check(command, flag, aliases, row):
    shared, given = row[:2]
    line = row[2] if len(row) > 2 else COMMANDS[command][0]
    takes_scenario = "tp" in COMMANDS[command][1] and "validation" not in line
    base = [command] + line.split() + (BASE.split() if takes_scenario else []) + (shared or "").split()
    if flag in ("json", "csv"):  # in place of each other
        base = [w for w in base if w != "--json"]
    if shared is None:  # in place of what describes the scenario
        changed = [command] + line.split() + given.split()
        base = [w for w in changed if w != "--quiet"] if flag == "quiet" else base
    else:
        changed = base + given.split()
    hidden = QUESTION - {"threads"} if flag == "threads" else QUESTION
    if answer(" ".join(base), hidden) == answer(" ".join(changed), hidden):
        return "stepcast %s: --%s changes nothing" % (" ".join(changed), flag)
    for alias in aliases:
        other = ["--" + alias if w == "--" + flag else w for w in changed]
        if answer(" ".join(other), QUESTION) != answer(" ".join(changed), QUESTION):
            return "--%s is not --%s" % (alias, flag)
    return None


def prepare(folder):
    FILES["folder"] = folder
    shown = run_plain("show", "gpu", "h100-sxm", "--json")
    gpu = json.loads(shown)
    gpu["peak_bf16"] = {"value": "500 TFLOP/s", "source": "assumed: half as fast"}
    write("catalog/gpus/own.json", json.dumps({**gpu, "name": "own"}))
    names = {
        "CATALOG": os.path.dirname(os.path.dirname(write("catalog/gpus/h100-sxm.json", json.dumps(gpu)))),
        "OWN": "own",
        "SCENARIO": write("scenario.json", run_plain(
            "estimate", "--model", "llama2-7b", *BASE.split()[2:], "--json")),
        "GEMM": write("gemm.csv", gemm_samples()),
        "MEASURED": os.path.dirname(os.path.dirname(write("measured/samples/gemm.csv", gemm_samples()))),
        "UNTYPED": write("log.json", json.dumps({"nccl_version": 22900, "results": [
            {"size": 1048576, "count": 262144, "out_of_place": {"time": 25.0}}]})),
        "TWICE": write("twice.csv", "# source: x\ndtype,m,n,k,time_us\n"
                       "bf16,64,64,64,9\nbf16,64,64,64,9\n"),
        "NCCL": write("log", NCCL),
        "BENCH": write("bench", "#!/bin/sh\necho \"$@\" >&2\nexit 1\n"),
        "VISION": write("config.json", json.dumps({
            "model_type": "llama4", "vision_config": {"hidden_size": 8},
            "text_config": {"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4,
                            "intermediate_size": 256, "vocab_size": 1000}})),
        "CASES": write("cases.json", json.dumps([case(b, "run-%d" % b) for b in (16, 32, 64)])),
    }
    write("bin/gnuplot", "#!/bin/sh\nwhile read -r _; do :; done\necho '<svg></svg>'\n")
    names["BIN"] = os.path.join(folder, "bin")
    for program in (names["BENCH"], names["BIN"] + "/gnuplot"):
        os.chmod(program, 0o755)
    del FILES["folder"]
    FILES.update(names)


def gemm_samples():
    """Of a GPU with 600 TFLOP/s and 3 TB/s."""
    shapes = [(m, n, k) for m in (16, 64, 1024, 4096, 8192) for n in (256, 1024, 4096, 8192, 16384)
              for k in (256, 1024, 4096, 8192)]
    return "# machine: NVIDIA H100 80GB HBM3\n# source: x\ndtype,m,n,k,time_us\n" + "".join(
        "bf16,%d,%d,%d,%g\n" % (m, n, k, 3 + max(m * n * k / 3e8, (m * k + n * k + m * n) / 1.5e6))
        for m, n, k in shapes)


def run_plain(*words):
    return subprocess.run([PROGRAM] + list(words), capture_output=True, check=True).stdout.decode()


def case(batch, name):
    return {"id": name, "model": "llama3-8b", "system": {"gpu": "h100-sxm", "gpus": 8},
            "job": {"seq_length": 2048, "global_batch": batch},
            "strategy": {"tp": 8, "micro_batch": 4}, "measured": {"step_time_s": batch / 16.0}}


NCCL = """\
# nThread 1 nGpus 1 minBytes 8 maxBytes 16 step: 2(factor) warmup iters: 5 iters: 20
#       size         count      type   redop    root     time   algbw   busbw #wrong
#        (B)    (elements)                               (us)  (GB/s)  (GB/s)
     1048576        262144     float     sum      -1    25.00   41.94   73.40      0
"""


def main():
    failures = []
    checks = []
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        shown = re.findall(r"^  ([a-z]+)  ", run(["--help"], ".").stdout.decode(), re.M)
        failures += ["no rows for stepcast %s" % c for c in shown if c not in COMMANDS]
        for command, (_, rows) in COMMANDS.items():
            flags = documented(command)
            failures += ["stepcast %s --%s has no row" % (command, f) for f in flags if f not in rows]
            failures += ["stepcast %s has no flag --%s" % (command, f) for f in rows
                         if f not in flags and f not in COMMON]
            checks += [(command, f, flags[f], rows[f]) for f in flags if f in rows]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            failures += [f for f in pool.map(lambda c: check(*c), checks) if f]
    print("\n".join(failures))
    print("%d flags of %d commands, %d failures" % (len(checks), len(COMMANDS), len(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
