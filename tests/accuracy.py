#!/usr/bin/env python3
"""Writes parallelism/ACCURACY.md from `stepcast validate`: needs the program and a folder of measured runs.

usage: tests/accuracy.py build/stepcast RUNS.json... > parallelism/ACCURACY.md
"""
import collections, contextlib, glob, itertools, json, os, subprocess, sys, tempfile

STACKS = os.path.join(os.path.dirname(__file__), "../parallelism/catalog/stacks")

# Published files whose runs, or their papers' others, are among the runs that constants are fitted to.
FITTED = ("korthikanti22", "narayanan21", "zero_bubble24")


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


def sweeps_of(runs):
    return {case["id"]: case["sweep"] for path in runs for case in json.load(open(path)) if case.get("sweep")}


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else None


def every(by):
    return mean([abs(e) for v in by.values() for e in v])


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


def inside(cases, families):
    """1 for each run inside its 80 % interval, else 0, by family."""
    by = collections.defaultdict(list)
    for c in cases:
        if not c.get("skipped") and c.get("error_frac") is not None:
            low, high = c["predicted_step_time_low_s"], c["predicted_step_time_high_s"]
            by[families[c["id"]]].append(low <= c["measured_step_time_s"] <= high)
    return by


def kendall(pairs):
    signs = [(a[0] - b[0]) * (a[1] - b[1]) for a, b in itertools.combinations(pairs, 2)]
    up, down = sum(s > 0 for s in signs), sum(s < 0 for s in signs)
    return (up - down) / (up + down)


def ranking(cases, sweeps):
    """The sweeps in which every layout was tried: how the layouts rank, cross-validated."""
    print("## Every layout tried\n")
    print("| sweep | ran | Kendall's tau | the first ranked measured over the best | out of memory foreseen | said to fit |")
    print("|---|---|---|---|---|---|")
    for sweep in sorted(set(sweeps.values())):
        group = [c for c in cases if sweeps.get(c["id"]) == sweep and not c.get("skipped")]
        oom = [c for c in group if c["measured_oom"]]
        ran = [c for c in group if c.get("error_frac") is not None]
        pool = [c for c in group if c["predicted_fits"]] or group
        pick = min(pool, key=lambda c: c["predicted_step_time_s"])
        best = min(c["measured_step_time_s"] for c in ran)
        over = "out of memory" if pick["measured_oom"] else percent(pick["measured_step_time_s"] / best - 1, True)
        tau = kendall([(c["measured_step_time_s"], c["predicted_step_time_s"]) for c in ran])
        print(f"| {sweep} | {len(ran)} of {len(group)} | {tau:.2f} | {over} | {sum(not c['predicted_fits'] for c in oom)} of "
              f"{len(oom)} | {sum(c['predicted_fits'] for c in ran)} of {len(ran)} |")
    print()


def family_table(folds, models, untuned, families):
    a, n, b = errors(folds, families), errors(models, families), errors(untuned, families)
    m, i = memory_errors(folds, families), inside(folds, families)
    size = lambda v: mean([abs(e) for e in v])
    all_of = lambda by: [e for v in by.values() for e in v]
    print("| family | runs | by run: mean abs. error | bias | inside its 80 % interval | by model: mean abs. error | bias | "
          "nothing fitted: mean abs. error | bias | memory |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    rows = [(f, a[f], i[f], n[f], b[f], m[f]) for f in sorted(a)]
    for f, run, covered, model, physical, memory in rows + [("all", *map(all_of, (a, i, n, b, m)))]:
        print(f"| {f} | {len(run)} | {percent(size(run))} | {percent(mean(run), True)} | {percent(mean(covered))} | "
              f"{percent(size(model))} | {percent(mean(model), True)} | {percent(size(physical))} | "
              f"{percent(mean(physical), True)} | {percent(size(memory))} |")
    print()


def left_out_errors(program, runs, what, *options):
    by = collections.defaultdict(list)
    stacks = {c["id"]: c["stack"] for c in validate(program, runs)}
    for c in validate(program, runs, "--leave-out", what, *options):
        if not c.get("skipped") and c.get("error_frac") is not None:
            by[stacks[c["id"]]].append(c["error_frac"])
    return by


def left_out_summary(by):
    error = [mean([abs(e) for e in v]) for v in by.values()]
    within = lambda limit: sum(e <= limit for e in error)
    return (f"of {len(error)} stacks {within(0.15)} within 15 %, {within(0.12)} within 12 %, {len(error) - within(0.25)} above 25 %; "
            f"bias {percent(mean([e for v in by.values() for e in v]), True)}")


def left_out(program, runs):
    """Each stack's runs predicted by what the others' runs tell."""
    stack, constants = (left_out_errors(program, runs, what) for what in ("stack", "constants"))
    size = lambda v: mean([abs(e) for e in v])
    print("## A stack nobody fitted\n")
    print(f"`validate --leave-out stack`: the default stack, fitted to the runs of the others: {left_out_summary(stack)}. "
          f"`--leave-out constants`: told what the software is (its kernels and overlaps), constants from the others' runs: "
          f"{left_out_summary(constants)}.\n")
    print("| stack | runs | default stack: mean abs. error | bias | its own kernels and overlaps: mean abs. error | bias |")
    print("|---|---|---|---|---|---|")
    for name in sorted(stack, key=lambda s: size(stack[s]), reverse=True):
        print(f"| {name} | {len(stack[name])} | {percent(size(stack[name]))} | {percent(mean(stack[name]), True)} | "
              f"{percent(size(constants[name]))} | {percent(mean(constants[name]), True)} |")
    print(flush=True)


def published(program):
    """The published cases that the program holds, as they are: no constant was fitted to most of them."""
    cases = [c for c in validate(program, []) if not c.get("skipped")]
    by = collections.defaultdict(list)
    for c in cases:
        if c.get("error_frac") is not None:
            by[c["file"]].append(c)
    print("## Published cases the program holds\n")
    print("`stepcast validate` without files: the runs of `calibrate/published`, today's constants. Those marked * are also among the "
          "runs above, which constants are fitted to; the others are not, nor is any run of their sources. What is off there, and "
          "why: `calibrate/published/README.md`.\n")
    print("| file | runs | mean abs. error | bias | worst | inside its 80 % interval | memory | default stack: mean abs. error | memory |")
    print("|---|---|---|---|---|---|---|---|---|")
    plain = {c["id"]: c for c in validate(program, [], "--stack", "default")}
    file_of = {c["id"]: c["file"] for c in cases}
    memory, plain_memory = (memory_errors(them, file_of) for them in (cases, [plain[c["id"]] for c in cases]))
    for f in sorted(by):
        error = [c["error_frac"] for c in by[f]]
        hit = [c["predicted_step_time_low_s"] <= c["measured_step_time_s"] <= c["predicted_step_time_high_s"] for c in by[f]]
        print(f"| {f}{' *' if f in FITTED else ''} | {len(error)} | {percent(mean([abs(e) for e in error]))} | "
              f"{percent(mean(error), True)} | {percent(max(error, key=abs), True)} | {percent(mean(hit))} | {percent(mean(map(abs, memory[f])))} | "
              f"{percent(mean([abs(plain[c['id']]['error_frac']) for c in by[f]]))} | {percent(mean(map(abs, plain_memory[f])))} |")
    print(flush=True)


# One effect each: the stack keys that switch it off; "unfitted" is a constant that stays as it is by default.
ABLATIONS = [
    ("generations of fused attention (all as the newest)", {"flash_generation": 3}),
    ("whole-gradient all-reduce under ZeRO 1", {"gradient_all_reduce": False}),
    ("parameters broadcast in turn by their owners", {"broadcasts_parameters": False}),
    ("what a pipelined step loses besides its bubble", {"ramp_micro_batches": 0}),
    ("gathered logits", {"gathers_logits": False}),
    ("an all-reduce for each column-parallel linear", {"reduces_each_linear": False}),
    ("slow-down of compute beside collectives", {"contention": 0}),
    ("stragglers", {"straggler_spread": 0}),
    ("what a collective waits for its stream and its ranks", {"collective_wait_s": 0}),
    ("the factor of experts fades with their width", {"expert_half_width": 1e6}),
    ("host time of a step", {"unfitted": "host_s_per_step"}),
    ("zero-bubble steps that overlap", {"steps_overlap": False}),
    ("the re-gather of sequence parallelism (hidden wholly)", {"wgrad_gather_hidden": 1}),
    ("the scatter of input gradients beside the weight gradient", {"wgrad_scatter_hidden": 0}),
    ("tensor-parallel transfers beside products in parts (nothing hidden)", {"tp_hidden": 0}),
    ("synchronous transfers between stages", {"p2p_synchronous": False}),
    ("selective recompute by products", {"saves_alternate_products": False}),
    ("keys and values repeated to the query heads", {"repeats_kv": False}),
    ("a ring of context ranks that waits for its transfers", {"hides_ring": True}),
    ("matrices gathered through lists of parts", {"lists_partitions": False}),
    ("copies around the collectives of sharded parameters", {"copies_parameters": False}),
    ("gradients of a flat parameter joined, cast and divided", {"flattens_parameters": False}),
    ("full recompute leaves out what no gradient reads", {"prunes_recompute": False}),
    ("layers gathered again after recompute", {"reuse_parameters": 0}),
    ("deduplication of expert traffic", {"dispatcher": "alltoall"}),
    ("another dispatcher across scale-up domains", {"dispatcher_across": "deepep"}),
    ("experts launched and cast one by one", {"grouped_gemm": True}),
    ("host time of an expert's product", {"expert_launches": 1}),
    ("experts' activation inside their products", {"fused_expert_activation": False}),
    ("attention in fp8", {"fp8_attention": False}),
    ("unfused cross-entropy", {"fused_cross_entropy": True}),
    ("dropout", {"dropout": False}),
]


# Effects that runs to which nothing was fitted brought: only they can show what these are worth.
UNFITTED_ABLATIONS = [
    ("the loss in tiles of tokens", {"loss_tiles": 0}),
    ("logits of a loss that nothing compiles", {"eager_logits_bytes": 0}),
    ("layers that nothing compiles", {"eager_memory": 1}),
    ("gradients summed whole until the last micro-batch", {"accumulates_whole": False}),
    ("the same under a pipeline", {"pipelines_accumulate_whole": False}),
    ("an exchange before and after each linear layer", {"exchanges_each_linear": False}),
    ("host cores that update offloaded states", {"host_cores": 1}),
    ("experts' biases inside their products", {"fused_expert_bias": True}),
    ("casts of each product in 8 and 4 bits", {"casts_each_product": False}),
    ("gathers of quantised weights", {"quantised_gather": True}),
    ("exposed exchange of experts (all hidden on request)", {"hides_expert_exchange": True, "hides_expert_exchange_across": True}),
    ("gradients added to in their product", {"gradient_accumulation_fusion": True}),
    ("unfused activations, residuals, norms and rotary embeddings",
     {"fused_activation": True, "fused_residual": True, "fused_norm": True, "fused_rope": True}),
]


@contextlib.contextmanager
def switched_off(change):
    """A catalog whose stacks have these keys changed."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "stacks"))
        for path in glob.glob(os.path.join(STACKS, "*.json")):
            stack = json.load(open(path))
            stack.update({k: v for k, v in change.items() if k in stack})
            if "fit" in stack:
                stack["fit"] = [c for c in stack["fit"] if c != change.get("unfitted")]
            json.dump(stack, open(os.path.join(folder, "stacks", os.path.basename(path)), "w"))
        yield folder


def ablation(program, runs, families, baseline):
    """Prints what each effect is worth; returns those that these runs, fitted, do not show."""
    base, quiet = errors(baseline, families), []
    print("| effect switched off | all runs | family that loses most |")
    print("|---|---|---|")
    for name, change in ABLATIONS:
        with switched_off(change) as folder:
            by = errors(validate(program, runs, "--folds", "2", "--catalog", folder), families)
        loss = {f: mean([abs(e) for e in by[f]]) - mean([abs(e) for e in base[f]]) for f in base}
        worst = max(loss, key=loss.get)
        total = every(by) - every(base)
        if total < 1e-4 and loss[worst] < 2e-3:
            quiet.append((name, change))
        print(f"| {name} | {100 * total:+.2f} points | {worst} {100 * loss[worst]:+.1f} |", flush=True)
    print()
    return quiet


def foreseen(cases):
    return sum(c["measured_oom"] and not c["predicted_fits"] for c in cases if not c.get("skipped"))


def other_worth(program, runs, families, quiet):
    """Where an effect earns its place that fitted step times do not show."""
    if not quiet:
        return
    print("What these do not show: the constants of a stack taken from the others (mean over the stacks, and the one that loses most), "
          "memory, and layouts out of memory foreseen.\n")
    print("| effect switched off | stacks, constants from the others | stack that loses most | memory | out of memory foreseen |")
    print("|---|---|---|---|---|")
    size = lambda by: {s: mean([abs(e) for e in v]) for s, v in by.items()}
    memory = lambda cases: every(memory_errors(cases, families))
    base, plain = size(left_out_errors(program, runs, "constants")), validate(program, runs)
    for name, change in quiet:
        with switched_off(change) as folder:
            by = size(left_out_errors(program, runs, "constants", "--catalog", folder))
            cases = validate(program, runs, "--catalog", folder)
        worst = max(base, key=lambda s: by[s] - base[s])
        print(f"| {name} | {100 * (mean(by.values()) - mean(base.values())):+.2f} points | {worst} {100 * (by[worst] - base[worst]):+.1f} | "
              f"{100 * (memory(cases) - memory(plain)):+.2f} points | {foreseen(cases)} for {foreseen(plain)} |", flush=True)
    print()


def unfitted_worth(program, quiet):
    """What effects are worth to the published runs that nothing was fitted to, under the shipped constants."""
    def forecast(*options):
        return {c["id"]: c for c in validate(program, [], *options) if c["file"] not in FITTED and not c.get("skipped")}

    def size(cases):
        one = {i: "" for i in cases}
        return every(errors(cases.values(), one)), every(memory_errors(cases.values(), one))

    print("And to the published runs that nothing was fitted to, under the shipped constants: these effects, and those that only such runs show.\n")
    print("| effect switched off | runs that it moves | step time | memory |")
    print("|---|---|---|---|")
    keys = ("predicted_step_time_s", "predicted_memory_bytes")
    base = forecast()
    step, memory = size(base)
    for name, change in quiet + UNFITTED_ABLATIONS:
        with switched_off(change) as folder:
            cases = forecast("--catalog", folder)
        moved = sum(any(cases[i].get(k) != base[i].get(k) for k in keys) for i in base)
        less = size(cases)
        print(f"| {name} | {moved} | {100 * (less[0] - step):+.2f} points | {100 * (less[1] - memory):+.2f} points |", flush=True)
    print()


# Why a run is among the worst, by the start of its id.
WHY = {
    "vtrain-multi-0041": "not known: this model's four tp 2 layouts on 512 GPUs are slower than its tp 1 and its tp 4, all forecast too fast",
    "vtrain-multi-0043": "as vtrain-multi-0041",
    "vtrain-multi-0075": "as vtrain-multi-0041",
    "vtrain-multi-0080": "as vtrain-multi-0041",
    "vtrain-multi-0013": "micro-batch 2 under tp 4: small kernels and all-reduces; larger micro-batches of the layout are within 5 %",
    "vtrain-multi-0020": "micro-batch 2 under tp 8: small kernels and all-reduces; micro-batch 8 of the layout is forecast 11 % too slow",
    "vtrain-single-": "short kernels: the host bounds the step, and its time a launch is one constant for all models",
    "mbridge-25.11-gpt-oss-120b-b200": "two micro-batches, so the gradients of experts between hosts show; they cost more than the NICs need, "
                                       "recomputation is not known",
    "mbridge-25.11-qwen3-235b-a22b-b200": "a third longer than 25.09 with dropped tokens, forecast 8 %: the exchange over 8 ranks and the experts' host time",
    "mbridge-26.06-gpt-oss": "not known: on GB200 the model is slower in each release than the others with experts",
    "mbridge-26.08-gpt-oss": "as 26.06",
    "mlperf-v5.1-cisco": "one micro-batch a step, so gradients show on the submitter's network, of which only the NICs' rate is known",
    "modelzoo-235b-tp4ep8": "the stack's two other runs, both with 32 expert ranks, tell its constants",
}


def why(name):
    return next((text for start, text in WHY.items() if name.startswith(start)), "not looked into")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, runs = sys.argv[1], sys.argv[2:]
    families = family_of(runs)
    folds = validate(program, runs, "--folds", "5")
    untuned = validate(program, runs, "--stack", "untuned")
    print("# Accuracy on published training runs\n")
    print("Written by `tests/accuracy.py` from `stepcast validate`; the runs are published ones, their sources in each case.")
    print("Cross-validated by run: five folds, the stacks' constants fitted anew without the runs that are predicted; runs equal "
          "in model, system, job and strategy share a fold (`--folds 5`). By model: every run of the model left out, under "
          "whichever stack (`--leave-out model`; internevo and simumax-b200 are of one model each, so that no run of their stack "
          "is left). Nothing fitted: stack `untuned`, every constant at its physical value.\n")
    family_table(folds, validate(program, runs, "--leave-out", "model"), untuned, families)
    ranking(folds, sweeps_of(runs))
    layout_picks.section(program, runs, folds)
    cluster_growth.section(program, runs, folds)
    print("## The ten worst, cross-validated\n")
    print("| run | stack | measured | predicted | error | why |")
    print("|---|---|---|---|---|---|")
    ranked = sorted((c for c in folds if not c.get("skipped") and c.get("error_frac") is not None), key=lambda c: -abs(c["error_frac"]))
    for c in ranked[:10]:
        print(f"| {c['id']} | {c.get('stack', '')} | {c['measured_step_time_s']:.3g} s | {c['predicted_step_time_s']:.3g} s | "
              f"{percent(c['error_frac'], True)} | {why(c['id'])} |")
    print()
    left_out(program, runs)
    published(program)
    print("## What each effect is worth\n")
    print("Mean absolute error with one effect switched off in every stack and all constants fitted anew (two folds), less the same "
          "with it. Negative: these runs are fitted no worse without it.\n")
    quiet = ablation(program, runs, families, validate(program, runs, "--folds", "2"))
    other_worth(program, runs, families, quiet)
    unfitted_worth(program, quiet)
    print("Stragglers are worth little here: the measured clusters' waiting is in what stacks are fitted to. What they are for is above: "
          "how a step grows with the cluster.")


if __name__ == "__main__":
    import cluster_growth, layout_picks  # which import this file
    main()
