#!/usr/bin/env python3
"""Times segmentation through the C library, each case in a process of its own.

usage: scripts/benchmark.py [--runs N] [NETWORK…]        after `make`; needs NumPy

Prints, for each network, picture size and number of threads: the time to open the model, the time
of the first picture (memory is laid out then), the median and the best time of the following ones,
and the process's peak memory. Weights are random: they cost what trained ones do.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VOC = ["--classes", ",".join(f"c{i}" for i in range(21))]
CASES = [
    # name, options of `fcn init`, width, height
    ("fcn-simple", VOC, 224, 224),
    ("fcn-simple", VOC, 500, 375),
    ("fcn32s", [*VOC, "--architecture", "fcn32s"], 500, 375),
    ("fcn8s", [*VOC, "--architecture", "fcn8s"], 500, 375),
    ("fcn-alexnet", [*VOC, "--architecture", "fcn-alexnet"], 500, 375),
    ("fcn-resnet50", [*VOC, "--architecture", "fcn-resnet50"], 500, 375),
    ("default-model", None, 480, 360),
]


def measure(model: str, width: int, height: int, threads: int, runs: int) -> dict:
    sys.path.insert(0, str(ROOT / "python"))
    import numpy

    import fcnswift

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    picture = numpy.random.default_rng(0).integers(0, 256, (height, width, 3), numpy.uint8)
    start = time.perf_counter()
    opened = fcnswift.Model(model)
    session = fcnswift.Session(opened, threads=threads)
    ready = time.perf_counter()
    session.segment(picture)
    first = time.perf_counter()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        session.segment(picture)
        times.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "open": ready - start, "first": first - ready, "median": statistics.median(times),
        "best": min(times), "peak": peak / 1024, "added": (peak - before) / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("networks", nargs="*", help="all by default")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(*json.loads(arguments.one))))
        return
    print("| network | picture | threads | open ms | first ms | median ms (best) | peak MB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for index, (name, options, width, height) in enumerate(CASES):
            if arguments.networks and name not in arguments.networks:
                continue
            model = str(ROOT / "build/share/fcn/default.safetensors")
            if options is not None:
                model = f"{folder}/{index}.safetensors"
                subprocess.run([ROOT / "build/bin/fcn", "init", *options, "-o", model, "--quiet"],
                               check=True)
            for threads in sorted({1, len(os.sched_getaffinity(0))}):
                case = json.dumps([model, width, height, threads, arguments.runs])
                output = subprocess.run([sys.executable, __file__, "--one", case], check=True,
                                        capture_output=True, text=True).stdout
                found = json.loads(output)
                print(f"| {name} | {width}×{height} | {threads} | {1e3 * found['open']:.0f} | "
                      f"{1e3 * found['first']:.0f} | {1e3 * found['median']:.0f} "
                      f"({1e3 * found['best']:.0f}) | {found['peak']:.0f} |")


if __name__ == "__main__":
    main()
