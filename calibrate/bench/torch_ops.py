#!/usr/bin/env python3
"""Times the kernels that training stacks take from PyTorch: attention (the fastest of cuDNN's and
flash), norms, softmax, cross-entropy, and the fused optimizer, forward and backward.

Writes DIR/samples/attention.csv and DIR/samples/memory_torch.csv row by row, continuing what is
there; without --output the rows go to stdout. stepcast-bench runs it as its suite `attention`; it
also runs alone. Exit status 3: no PyTorch, or no GPU that it can use.
"""
import argparse
import os
import random
import sys
import time
import warnings

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit(3)

# Normal distribution's standard deviation over its median absolute deviation.
MAD_TO_SIGMA = 1.4826
BATCH_S = 2e-3  # a repetition is a graph or a loop of about this long
REPETITIONS = 10
MIN_S = 20e-3
LONG_S = 10e-3  # calls that Python and the cache have no part in
MAX_S = 0.5     # of one point, after three repetitions


class Samples:
    """A sample file that grows row by row; opened again it knows the keys that it holds."""

    def __init__(self, folder, name, columns, keys, machine):
        self.done, self.keys, self.file = set(), keys, sys.stdout
        header = provenance(machine) + columns + "\n"
        if not folder:
            self.file.write(header)
            return
        os.makedirs(os.path.join(folder, "samples"), exist_ok=True)
        path = os.path.join(folder, "samples", name + ".csv")
        text = open(path).read() if os.path.exists(path) else ""
        whole = text[: text.rfind("\n") + 1]  # a row cut off in the middle is dropped
        rows = [line for line in whole.splitlines() if line and not line.startswith("#")]
        if rows and (rows[0] != columns or not whole.startswith("# machine: %s\n" % machine)):
            sys.exit("%s: of another machine or format; give another folder" % path)
        self.done = {",".join(row.split(",")[:keys]) for row in rows[1:]}
        if not rows or whole != text:  # whole or not at all
            with open(path + ".new", "w") as new:
                new.write(whole if rows else header)
            os.replace(path + ".new", path)
        self.file = open(path, "a")

    def add(self, key, cells):
        self.file.write(",".join([key] + cells) + "\n")
        self.file.flush()
        if self.file is not sys.stdout:
            os.fsync(self.file.fileno())
        self.done.add(key)


def provenance(machine):
    lines = {
        "machine": machine,
        "program": "torch_ops.py",
        "source": "torch_ops.py, PyTorch %s, %s" % (torch.__version__, machine),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "library": "PyTorch %s, CUDA %s, cuDNN %s"
        % (torch.__version__, torch.version.cuda, torch.backends.cudnn.version()),
        "method": "median of repetitions after warm-up, random order, random data, cold L2",
    }
    return "".join("# %s: %s\n" % item for item in lines.items())


class Clock:
    """Times calls by events of the GPU, or by the processor's clock."""

    def __init__(self, device):
        self.cuda = device.type == "cuda"
        if self.cuda:
            l2_bytes = getattr(torch.cuda.get_device_properties(device), "L2_cache_size", 64 << 20)
            # long enough to clear, too, that Python has issued what comes behind it
            self.flush = torch.empty(4 * l2_bytes, dtype=torch.int8, device=device)

    def seconds(self, call, calls):
        if not self.cuda:
            start = time.perf_counter()
            for _ in range(calls):
                call()
            return time.perf_counter() - start
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(calls):
            call()
        end.record()
        end.synchronize()
        return 1e-3 * start.elapsed_time(end)

    def cool(self):
        """Empties the L2 cache, so that the next call finds nothing there."""
        if self.cuda:
            self.flush.zero_()


def captured(call):
    """The call as a CUDA graph, so that the time is the kernels' and not Python's, or None. It is
    recorded on the stream on which everything runs (main): a backward pass runs where its forward
    pass did."""
    graph = torch.cuda.CUDAGraph()
    try:
        torch.cuda.synchronize()
        graph.capture_begin()  # torch.cuda.graph would collect garbage and empty the cache as well
        try:
            call()
        finally:
            graph.capture_end()
        graph.replay()
        torch.cuda.synchronize()
        return graph.replay
    except RuntimeError:
        torch.cuda.synchronize()
        return None


def measure(clock, call):
    """Median, MAD (seconds a call), repetitions, and whether a graph was replayed. Short calls are
    timed one by one behind an emptied cache: what a batch left there the next would find."""
    for _ in range(3):
        once = clock.seconds(call, 1)
    replay = captured(call) if clock.cuda and once < LONG_S else None
    run = replay or call
    once = clock.seconds(run, 1)
    calls = 1 if clock.cuda else max(1, min(100, int(BATCH_S / max(once, 1e-9))))
    values, spent = [], 0.0
    while len(values) < REPETITIONS or (spent < MIN_S and len(values) < 200):
        if len(values) >= 3 and spent > MAX_S:
            break
        if once < LONG_S:
            clock.cool()
        values.append(clock.seconds(run, calls) / calls)
        spent += values[-1] * calls
    values.sort()
    median = values[len(values) // 2]
    mad = sorted(abs(v - median) for v in values)[len(values) // 2]
    return median, mad, len(values), replay is not None


def cells_of(timing):
    """time_us, mad_us, repetitions, graph."""
    median, mad, n, graph = timing
    return ["%.4f" % (1e6 * median), "%.4f" % (1e6 * mad), str(n), str(int(graph))]


def attention_backends():
    """Names and context managers of the fused kernels that this PyTorch has."""
    try:
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError:  # before 2.3: its own choice
        return [("default", None)]
    named = [("cudnn", getattr(SDPBackend, "CUDNN_ATTENTION", None)),
             ("flash", SDPBackend.FLASH_ATTENTION)]
    return [(name, lambda b=b: sdpa_kernel(b)) for name, b in named if b is not None]


def attention_points():
    """phase, batch, seq, heads, kv_heads, head_dim: up to 64k tokens, as micro-batches have."""
    points = []
    for seq in (128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
        for batch in (1, 4):
            if batch * seq > 65536:
                continue
            for heads, kv_heads in ((8, 8), (8, 1), (32, 32), (32, 8), (64, 8), (96, 96)):
                for head_dim in (64, 128):
                    for phase in ("forward", "backward"):
                        points.append((phase, batch, seq, heads, kv_heads, head_dim))
    return points


def attention_call(point, device):
    phase, batch, seq, heads, kv_heads, head_dim = point
    options = {"dtype": torch.bfloat16, "device": device, "requires_grad": phase == "backward"}
    q = torch.randn(batch, heads, seq, head_dim, **options)
    k, v = (torch.randn(batch, kv_heads, seq, head_dim, **options) for _ in range(2))
    extra = {"enable_gqa": True} if kv_heads != heads else {}

    def forward():
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, **extra)

    if phase == "forward":
        return forward
    out = forward()
    gradient = torch.randn_like(out)
    return lambda: torch.autograd.grad(out, (q, k, v), gradient, retain_graph=True)


def tell(what, failure, clock):
    """A point that cannot be measured is told and left out; a GPU that no longer answers ends all."""
    sys.stderr.write("%s: left out: %s\n" % (what, (str(failure) or "failed").splitlines()[0]))
    if clock.cuda:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()


def measure_attention(clock, point, device):
    """The fastest of the fused kernels, with its name; None if none takes this shape."""
    best = None
    for name, backend in attention_backends():
        try:
            if backend is None:
                result = measure(clock, attention_call(point, device))
            else:
                with backend():
                    result = measure(clock, attention_call(point, device))
        except RuntimeError as failure:  # no kernel for the shape, or out of memory
            tell("attention %s: %s" % (point, name), failure, clock)
            continue
        if best is None or result[0] < best[0][0]:
            best = (result, name)
    return best


def norm_call(kind, elements, device, backward):
    columns = 4096
    rows = max(1, elements // columns)
    x = torch.randn(rows, columns, dtype=torch.bfloat16, device=device, requires_grad=backward)
    weight = torch.ones(columns, dtype=torch.bfloat16, device=device, requires_grad=backward)
    if kind == "rms_norm" and not hasattr(F, "rms_norm"):
        return None, 0

    def forward():
        if kind == "rms_norm":
            return F.rms_norm(x, (columns,), weight)
        return F.layer_norm(x, (columns,), weight)

    if not backward:
        return forward, 4 * x.numel()
    out = forward()
    gradient = torch.randn_like(out)
    bytes_moved = 6 * x.numel()
    return (lambda: torch.autograd.grad(out, (x, weight), gradient, retain_graph=True)), bytes_moved


def softmax_call(elements, device, backward):
    columns = 2048
    rows = max(1, elements // columns)
    x = torch.randn(rows, columns, dtype=torch.bfloat16, device=device, requires_grad=backward)
    if not backward:
        return (lambda: F.softmax(x, dim=-1)), 4 * x.numel()
    out = F.softmax(x, dim=-1)
    gradient = torch.randn_like(out)
    return (lambda: torch.autograd.grad(out, x, gradient, retain_graph=True)), 6 * x.numel()


def cross_entropy_call(elements, device, backward):
    """fp32 logits, as the loss takes them. Bytes: forward reads the logits and writes their
    logarithms; backward reads those and writes the gradient."""
    vocabulary = 32768
    rows = max(1, elements // vocabulary)
    logits = torch.randn(rows, vocabulary, device=device, requires_grad=backward)
    target = torch.randint(vocabulary, (rows,), device=device)
    if not backward:
        return (lambda: F.cross_entropy(logits, target)), 8 * logits.numel()
    loss = F.cross_entropy(logits, target)
    return (lambda: torch.autograd.grad(loss, logits, retain_graph=True)), 8 * logits.numel()


def optimizer_call(elements, device):
    """Fused AdamW with fp32 parameters, gradients and moments: 16 bytes read, 12 written each."""
    tensors = max(1, elements // (1 << 24))
    size = elements // tensors
    parameters = [torch.nn.Parameter(torch.randn(size, device=device)) for _ in range(tensors)]
    for p in parameters:
        p.grad = torch.randn_like(p)
    options = {"fused": True} if device.type == "cuda" else {}
    if device.type == "cuda":
        options["capturable"] = True
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, **options)
    return optimizer.step, 28 * elements // tensors * tensors


def memory_points():
    sizes = [1 << power for power in range(14, 31, 2)]  # elements; the least tell the launch
    names = ["rms_norm", "layer_norm", "softmax", "cross_entropy"]
    phases = ("forward", "backward")
    points = [(name, phase, n) for name in names for phase in phases for n in sizes]
    return points + [("optimizer", "forward", n) for n in sizes]


def memory_call(point, device):
    name, phase, elements = point
    backward = phase == "backward"
    if name == "softmax":
        return softmax_call(elements, device, backward)
    if name == "cross_entropy":
        return cross_entropy_call(elements, device, backward)
    if name == "optimizer":
        return optimizer_call(elements, device)
    return norm_call(name, elements, device, backward)


def run_attention(arguments, device, clock, end):
    columns = ("phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim,"
               "time_us,mad_us,repetitions,backend,graph")
    samples = Samples(arguments.output, "attention", columns, 9, arguments.machine)
    points = attention_points()
    random.Random(arguments.seed).shuffle(points)
    for point in points:
        phase, batch, seq, heads, kv_heads, head_dim = point
        sizes = (batch, seq, seq, heads, kv_heads, head_dim)
        key = ",".join([phase, "bf16", "bf16"] + [str(size) for size in sizes])
        if key in samples.done or not fits(point, device):
            continue
        if time.monotonic() > end:
            break
        best = measure_attention(clock, point, device)
        if best is not None:
            timing, name = best
            cells = cells_of(timing)
            samples.add(key, cells[:3] + [name] + cells[3:])


def fits(point, device):
    """Tensors of the point, with gradients, within half of the memory; small on a processor."""
    _, batch, seq, heads, kv_heads, head_dim = point
    need = 2.0 * batch * seq * head_dim * (4 * heads + 4 * kv_heads)
    if device.type != "cuda":
        return seq <= 1024 and batch * heads <= 8
    return need < 0.5 * torch.cuda.get_device_properties(device).total_memory


def run_memory(arguments, device, clock, end):
    columns = "op,phase,dtype,bytes,time_us,mad_us,repetitions,graph"
    samples = Samples(arguments.output, "memory_torch", columns, 4, arguments.machine)
    points = memory_points()
    random.Random(arguments.seed).shuffle(points)
    for name, phase, elements in points:
        if time.monotonic() > end or (device.type != "cuda" and elements > 1 << 20):
            continue
        try:
            call, bytes_moved = memory_call((name, phase, elements), device)
            dtype = "fp32" if name in ("cross_entropy", "optimizer") else "bf16"
            key = "%s,%s,%s,%d" % (name, phase, dtype, bytes_moved)
            if call is None or key in samples.done:
                continue
            timing = measure(clock, call)
        except RuntimeError as failure:
            tell("%s %s %d" % (name, phase, elements), failure, clock)
            continue
        samples.add(key, cells_of(timing))


def sustain(arguments, device):
    """Causal attention without a pause, forward, 32 heads on 8 of keys and values. Says "ready" when
    it begins, and at the end: seconds of a call, their MAD, calls, busy share, FLOP and bytes."""
    batch, seq, heads, kv_heads, dim = 1, 8192 if device.type == "cuda" else 256, 32, 8, 128
    call = attention_call(("forward", batch, seq, heads, kv_heads, dim), device)
    clock = Clock(device)
    for _ in range(3):
        call()
    run = (captured(call) if clock.cuda else None) or call
    calls = max(1, round(BATCH_S / max(clock.seconds(run, 3) / 3, 1e-9)))
    print("ready", flush=True)
    start, values, busy = time.monotonic(), [], 0.0
    while time.monotonic() - start < arguments.sustain:
        seconds = clock.seconds(run, calls)
        if time.monotonic() - start > arguments.settle:
            values.append(seconds / calls)
            busy += seconds
    values.sort()
    median = values[len(values) // 2]
    mad = sorted(abs(v - median) for v in values)[len(values) // 2]
    flop = 2.0 * batch * seq * seq * heads * dim
    moved = 2.0 * batch * seq * dim * (2 * heads + 2 * kv_heads)
    print("%.9g %.9g %d %.6g %.9g %.9g" % (
        median, mad, len(values), busy / (arguments.sustain - arguments.settle), flop, moved))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0", help="cuda:N, or cpu to try the script out")
    parser.add_argument("--seconds", type=float, default=120, help="for all points together")
    parser.add_argument("--output", default="", help="folder; without it the rows go to stdout")
    parser.add_argument("--machine", default="", help="what stands in the first line of the files")
    parser.add_argument("--seed", type=int, default=1, help="of the order")
    parser.add_argument("--sustain", type=float, default=0, help="attention alone, for so long")
    parser.add_argument("--settle", type=float, default=0, help="seconds of that before it counts")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit(3)
    warnings.filterwarnings("ignore")  # why a kernel does not take a shape: the error says so too
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.cuda.set_stream(torch.cuda.Stream())  # one that graphs can be recorded on
    if not arguments.machine:
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        arguments.machine = "%s, PyTorch" % name
    torch.manual_seed(arguments.seed)
    if arguments.sustain > 0:
        sustain(arguments, device)
        return
    clock, start = Clock(device), time.monotonic()
    run_attention(arguments, device, clock, start + 0.65 * arguments.seconds)
    run_memory(arguments, device, clock, start + arguments.seconds)


if __name__ == "__main__":
    main()
