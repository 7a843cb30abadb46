#!/usr/bin/env python3
"""Asks libstepcast from Python, through ctypes alone, which strategy is fastest on 64 to 512 GPUs.

    python3 library.py [PATH OF libstepcast.so]
"""
import ctypes
import json
import sys

library = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libstepcast.so.0")
library.stepcast_version.restype = ctypes.c_char_p
library.stepcast_free.argtypes = [ctypes.c_void_p]
library.stepcast_scenario_free.argtypes = [ctypes.c_void_p]
library.stepcast_scenario_read.argtypes = [
    ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_void_p)]
for name in ("stepcast_estimate", "stepcast_search"):
    getattr(library, name).argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_void_p)]


def take(text):
    """The text of a call, freed."""
    value = ctypes.string_at(text.value).decode() if text.value else None
    library.stepcast_free(text)
    return value


class Scenario:
    """A model on a cluster. Its methods return the answer of `stepcast ... --json` as a dict."""

    def __init__(self, **question):
        self.handle, error = ctypes.c_void_p(), ctypes.c_void_p()
        status = library.stepcast_scenario_read(
            json.dumps(question).encode(), None, ctypes.byref(self.handle), ctypes.byref(error))
        message = take(error)
        if status != 0:
            raise ValueError(message)

    def __del__(self):
        library.stepcast_scenario_free(self.handle)

    def ask(self, call, argument):
        answer, error = ctypes.c_void_p(), ctypes.c_void_p()
        call(self.handle, json.dumps(argument).encode(), ctypes.byref(answer), ctypes.byref(error))
        text, message = take(answer), take(error)
        if text is None:
            raise ValueError(message)
        return json.loads(text)

    def estimate(self, **strategy):
        return self.ask(library.stepcast_estimate, strategy)

    def search(self, **options):
        return self.ask(library.stepcast_search, options)


if __name__ == "__main__":
    print("libstepcast", library.stepcast_version().decode(), file=sys.stderr)
    job = {"seq_length": 8192, "global_batch": 1024}
    for gpus in (64, 128, 256, 512):
        scenario = Scenario(model="llama3-70b", system="dgx-h100", gpus=gpus, job=job)
        best = scenario.search(top=1)["results"][0]
        again = scenario.estimate(**best["strategy"])
        assert again["step_time_s"] == best["step_time_s"]
        keys = {k: best["strategy"][k] for k in ("tp", "cp", "pp", "vpp", "dp", "micro_batch")}
        print(gpus, "GPUs:", f"{best['step_time_s']:.2f} s", keys)
