#!/usr/bin/env python3
"""Measures real training steps (forward, backward, optimizer) of transformers in PyTorch on one
GPU and writes them as measured cases, which forecasts are judged by: `stepcast validate FILE`.

Four models: a 1.3 B GPT, four layers of Llama-3 8B, four layers of one tensor-parallel rank of
Llama-3 70B (1/8 of its heads, FFN and vocabulary, without the communication), two layers of 128
experts as Qwen3-30B-A3B has them; several micro-batches and sequence lengths. bf16 autocast over
fp32 parameters, fused AdamW, no recomputation. Cases in the file are not measured again.

    python3 torch_steps.py --output h200_steps.json --seconds 480
"""
import argparse
import contextlib
import functools
import json
import os
import sys
import time

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError:
    sys.exit("torch_steps.py needs PyTorch")

GPT = {
    "name": "gpt-1.3b", "num_hidden_layers": 24, "hidden_size": 2048, "num_attention_heads": 16,
    "num_key_value_heads": 16, "head_dim": 128, "intermediate_size": 8192, "gated_mlp": False,
    "vocab_size": 50304, "tie_word_embeddings": False,
}
LLAMA_8B = {
    "name": "llama3-8b-4-layers", "num_hidden_layers": 4, "hidden_size": 4096,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "intermediate_size": 14336, "gated_mlp": True, "vocab_size": 128256,
    "tie_word_embeddings": False,
}
LLAMA_70B_SHARD = {
    "name": "llama3-70b-4-layers-tp8-shard", "num_hidden_layers": 4, "hidden_size": 8192,
    "num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 128,
    "intermediate_size": 3584, "gated_mlp": True, "vocab_size": 16032,
    "tie_word_embeddings": False,
}
MOE = {
    "name": "qwen3-30b-a3b-2-layers", "num_hidden_layers": 2, "hidden_size": 2048,
    "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
    "intermediate_size": 6144, "gated_mlp": True, "vocab_size": 151936,
    "tie_word_embeddings": False, "num_experts": 128, "num_experts_per_tok": 8,
    "moe_intermediate_size": 768,
}
TINY = {
    "name": "tiny", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 128, "gated_mlp": True,
    "vocab_size": 256, "tie_word_embeddings": False, "num_experts": 4, "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
}
# model, sequence length, micro-batch, micro-batches a step
POINTS = [
    (GPT, 2048, 1, 2), (GPT, 2048, 2, 2), (GPT, 2048, 4, 2), (GPT, 2048, 8, 1), (GPT, 4096, 2, 2),
    (LLAMA_8B, 2048, 2, 2), (LLAMA_8B, 4096, 1, 2), (LLAMA_8B, 8192, 1, 2), (LLAMA_8B, 16384, 1, 1),
    (LLAMA_70B_SHARD, 4096, 1, 2), (LLAMA_70B_SHARD, 4096, 2, 2), (LLAMA_70B_SHARD, 8192, 1, 2),
    (MOE, 4096, 1, 2), (MOE, 4096, 2, 2), (MOE, 4096, 4, 1),
]
# How the driver calls a part, and how the catalog does.
GPU_NAMES = [
    ("GH200", "gh200"), ("GB200", "gb200"), ("B200", "b200-sxm"), ("H200", "h200-sxm"),
    ("H100 PCIe", "h100-pcie"), ("H100 NVL", "h100-nvl"), ("H100", "h100-sxm"),
    ("A100-SXM4-80GB", "a100-sxm-80gb"), ("A100-SXM4-40GB", "a100-sxm-40gb"), ("L40S", "l40s"),
]


class Attention(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.heads, self.kv_heads, self.dim = (
            m["num_attention_heads"], m["num_key_value_heads"], m["head_dim"])
        width = (self.heads + 2 * self.kv_heads) * self.dim
        self.qkv = nn.Linear(m["hidden_size"], width, bias=False)
        self.out = nn.Linear(self.heads * self.dim, m["hidden_size"], bias=False)

    def forward(self, x, rotation):
        b, s, _ = x.shape
        parts = (self.heads * self.dim, self.kv_heads * self.dim, self.kv_heads * self.dim)
        q, k, v = (t.view(b, s, -1, self.dim).transpose(1, 2) for t in self.qkv(x).split(parts, -1))
        q, k = rotated(q, rotation), rotated(k, rotation)
        extra = {"enable_gqa": True} if self.kv_heads != self.heads else {}
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, **extra)
        return self.out(y.transpose(1, 2).reshape(b, s, -1))


def rotation_of(seq, dim, device):
    angle = torch.arange(seq, device=device)[:, None] * 10000.0 ** (
        -torch.arange(0, dim, 2, device=device) / dim)
    return torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)


def rotated(x, rotation):
    cosine, sine = (t.to(x.dtype) for t in rotation)
    left, right = x.chunk(2, -1)
    return x * cosine + torch.cat([-right, left], -1) * sine


class Mlp(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.gated = m["gated_mlp"]
        width = m["intermediate_size"]
        self.up = nn.Linear(m["hidden_size"], width * (2 if self.gated else 1), bias=False)
        self.down = nn.Linear(width, m["hidden_size"], bias=False)

    def forward(self, x):
        h = self.up(x)
        if not self.gated:
            return self.down(F.gelu(h))
        gate, value = h.chunk(2, -1)
        return self.down(F.silu(gate) * value)


class Experts(nn.Module):
    """Top-k of many experts; tokens sorted by expert, a grouped product where PyTorch has it."""

    def __init__(self, m):
        super().__init__()
        self.experts, self.top_k = m["num_experts"], m["num_experts_per_tok"]
        hidden, width = m["hidden_size"], m["moe_intermediate_size"]
        self.router = nn.Linear(hidden, self.experts, bias=False)
        self.up = nn.Parameter(torch.randn(self.experts, hidden, 2 * width) * hidden ** -0.5)
        self.down = nn.Parameter(torch.randn(self.experts, width, hidden) * width ** -0.5)

    def product(self, x, weight, counts):
        weight = weight.to(x.dtype)
        if x.is_cuda and has_grouped_mm():
            return torch._grouped_mm(x, weight, offs=counts.cumsum(0).to(torch.int32))
        rows = x.split(counts.tolist())
        return torch.cat([r @ weight[i] for i, r in enumerate(rows)])

    def forward(self, x):
        flat = x.reshape(-1, x.shape[-1])
        share, chosen = self.router(flat).float().softmax(-1).topk(self.top_k, -1)
        order = chosen.reshape(-1).argsort()
        counts = torch.bincount(chosen.reshape(-1), minlength=self.experts)
        token = order // self.top_k
        rows = flat.index_select(0, token).to(compute_dtype(x))
        gate, value = self.product(rows, self.up, counts).chunk(2, -1)
        out = self.product(F.silu(gate) * value, self.down, counts)
        out = out * share.reshape(-1)[order, None].to(out.dtype)
        return torch.zeros_like(flat, dtype=out.dtype).index_add(0, token, out).view(x.shape)


@functools.lru_cache(None)
def has_grouped_mm():
    """Whether this PyTorch has the grouped product for this GPU, backward too: asked by one."""
    if not hasattr(torch, "_grouped_mm"):
        return False
    options = {"device": "cuda", "dtype": torch.bfloat16, "requires_grad": True}
    try:
        x, weight = torch.randn(64, 64, **options), torch.randn(2, 64, 64, **options)
        ends = torch.tensor([32, 64], device="cuda", dtype=torch.int32)
        torch._grouped_mm(x, weight, offs=ends).float().sum().backward()
        torch.cuda.synchronize()
        return True
    except (RuntimeError, TypeError) as failure:
        sys.stderr.write("no grouped product: %s\n" % first_line(failure))
        return False


def first_line(failure):
    return (str(failure) or type(failure).__name__).splitlines()[0]


def compute_dtype(x):
    return torch.bfloat16 if x.is_cuda else x.dtype


class Norm(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.gated = m["gated_mlp"]
        self.weight = nn.Parameter(torch.ones(m["hidden_size"]))

    def forward(self, x):
        shape = self.weight.shape
        if self.gated and hasattr(F, "rms_norm"):
            return F.rms_norm(x, shape, self.weight.to(x.dtype))
        return F.layer_norm(x, shape, self.weight.to(x.dtype))


class Layer(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.norm_1, self.norm_2, self.attention = Norm(m), Norm(m), Attention(m)
        self.mlp = Experts(m) if "num_experts" in m else Mlp(m)

    def forward(self, x, rotation):
        x = x + self.attention(self.norm_1(x), rotation)
        return x + self.mlp(self.norm_2(x))


class Transformer(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.embedding = nn.Embedding(m["vocab_size"], m["hidden_size"])
        self.layers = nn.ModuleList(Layer(m) for _ in range(m["num_hidden_layers"]))
        self.norm = Norm(m)
        self.head = nn.Linear(m["hidden_size"], m["vocab_size"], bias=False)

    def forward(self, tokens, targets, rotation):
        x = self.embedding(tokens).to(compute_dtype(self.head.weight))
        for layer in self.layers:
            x = layer(x, rotation)
        logits = self.head(self.norm(x))
        return F.cross_entropy(logits.float().view(-1, logits.shape[-1]), targets.view(-1))


class Step:
    """One training step of a model, ready to be timed."""

    def __init__(self, point, device, compiled):
        model, seq, micro_batch, self.micro_batches = point
        self.device = device
        # made where it runs: billions of random numbers take a processor minutes
        with device if hasattr(device, "__enter__") else contextlib.nullcontext():
            self.model = Transformer(model)
        self.model.to(device)
        options = {"fused": True} if device.type == "cuda" else {}
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-5, **options)
        shape = (micro_batch, seq)
        self.tokens, self.targets = (
            torch.randint(model["vocab_size"], shape, device=device) for _ in range(2))
        self.rotation = rotation_of(seq, model["head_dim"], device)
        self.loss = torch.compile(self.model) if compiled else self.model

    def __call__(self):
        for _ in range(self.micro_batches):
            with torch.autocast(self.device.type, torch.bfloat16, self.device.type == "cuda"):
                loss = self.loss(self.tokens, self.targets, self.rotation)
            (loss / self.micro_batches).backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=False)
        return loss


def time_steps(step, device, warm_up, steps):
    """Median seconds of a step, its MAD, and the last loss; each step is waited for."""
    values = []
    for i in range(warm_up + steps):
        start = time.perf_counter()
        loss = step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if i >= warm_up:
            values.append(time.perf_counter() - start)
    values.sort()
    median = values[len(values) // 2]
    mad = sorted(abs(v - median) for v in values)[len(values) // 2]
    return median, mad, float(loss)


def case_of(point, arguments, device, measured, notes):
    model, seq, micro_batch, micro_batches = point
    return {
        "id": case_id(point, arguments),
        "source": "calibrate/bench/torch_steps.py, %s" % time.strftime("%Y-%m-%d", time.gmtime()),
        "model": model,
        "system": {"gpu": arguments.gpu, "gpus": 1, "gpus_per_node": 1, "scale_up_domain": 1},
        "job": {
            "seq_length": seq, "global_batch": micro_batch * micro_batches, "precision": "bf16"},
        "strategy": {
            "tp": 1, "cp": 1, "pp": 1, "dp": 1, "ep": 1, "vpp": 1, "micro_batch": micro_batch,
            "sequence_parallel": False, "recompute": "none", "zero": 0, "schedule": "none",
            "attention": "flash", "torch_compile": arguments.compile},
        "measured": measured,
        "stack": arguments.stack,
        "notes": notes,
    }


def case_id(point, arguments):
    model, seq, micro_batch, micro_batches = point
    return "%s-%s-s%d-mb%d-x%d%s" % (arguments.gpu, model["name"], seq, micro_batch, micro_batches,
                                     "-compile" if arguments.compile else "")


def measure_case(point, arguments, device):
    """A case; out of memory is a case too. None: it cannot be measured here, which is told."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    try:
        step = Step(point, device, arguments.compile)
        median, mad, loss = time_steps(step, device, arguments.warm_up, arguments.steps)
    except torch.cuda.OutOfMemoryError:
        return case_of(point, arguments, device, {"oom": True}, "out of memory")
    except RuntimeError as failure:
        sys.stderr.write("%s: left out: %s\n" % (case_id(point, arguments), first_line(failure)))
        if device.type == "cuda":
            torch.cuda.synchronize()  # a GPU that no longer answers ends all
        return None
    if loss != loss:
        sys.exit("%s: the loss is not a number" % case_id(point, arguments))
    measured = {"step_time_s": round(median, 7), "step_time_basis": "measured"}
    if device.type == "cuda":
        measured["memory_gib"] = round(torch.cuda.max_memory_allocated(device) / 2**30, 3)
        measured["memory_of"] = "allocated"
    notes = "median of %d steps, MAD %.2g s, PyTorch %s, autocast bf16 over fp32 parameters, %s" % (
        arguments.steps, mad, torch.__version__, "compiled" if arguments.compile else "eager")
    return case_of(point, arguments, device, measured, notes)


def load(path):
    return json.load(open(path)) if os.path.exists(path) else []


def save(path, cases):
    """Whole or not at all."""
    with open(path + ".new", "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
        out.flush()
        os.fsync(out.fileno())
    os.replace(path + ".new", path)


def catalog_name(device):
    name = torch.cuda.get_device_name(device)
    for part, catalog in GPU_NAMES:
        if part in name:
            return catalog
    sys.exit('the catalog has no name for "%s": give one with --gpu' % name)


def arguments_of():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True, help="JSON file; cases in it are kept")
    parser.add_argument("--device", default="cuda:0", help="cuda:N, or cpu with --tiny")
    parser.add_argument("--gpu", default="", help="name in the catalog (from the driver's name)")
    parser.add_argument("--stack", default="torchtitan", help="training software of the cases")
    parser.add_argument("--seconds", type=float, default=480, help="for all cases together")
    parser.add_argument("--warm-up", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--compile", action="store_true", help="through torch.compile")
    parser.add_argument("--tiny", action="store_true", help="one small model, as a trial")
    return parser.parse_args()


def main():
    arguments = arguments_of()
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("torch_steps.py: PyTorch sees no GPU")
    arguments.gpu = arguments.gpu or catalog_name(device)
    torch.manual_seed(1)
    cases, start = load(arguments.output), time.monotonic()
    known = {case["id"] for case in cases}
    for point in [(TINY, 64, 2, 2)] if arguments.tiny else POINTS:
        if case_id(point, arguments) in known:
            continue
        if time.monotonic() - start > arguments.seconds:
            sys.stderr.write("no time left: the same command measures the rest\n")
            break
        case = measure_case(point, arguments, device)
        if case is None:
            continue
        cases.append(case)
        save(arguments.output, cases)
        sys.stderr.write("%s: %s\n" % (case["id"], case["measured"]))
    if not cases:
        sys.exit("torch_steps.py: nothing could be measured")


if __name__ == "__main__":
    main()
