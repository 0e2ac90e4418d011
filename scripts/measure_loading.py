#!/usr/bin/env python3
"""Measures what opening a large model costs: time, and memory of its own.

    pip install numpy
    make && python3 scripts/measure_loading.py [--architecture fcn8s] [--size 500x375] [--threads N]

Makes a model file of random float32 weights, opens it through libfcn, segments a picture twice, and
prints the time of each step and how the process's resident memory grew: mapped pages of the file, which the
system shares between processes and may take back, and anonymous memory, in which a copy of the
weights would show.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))
import fcnswift  # noqa: E402


def resident():
    """Megabytes of anonymous memory and of mapped files."""
    status = pathlib.Path("/proc/self/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return [int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--architecture", default="fcn8s")
    parser.add_argument("--size", default="500x375", help="of the picture")
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.safetensors"
        classes = ",".join(f"class {i}" for i in range(21))
        subprocess.run(
            [ROOT / "build/bin/fcn", "init", "--architecture", arguments.architecture, "--classes", classes,
             "-o", path, "--quiet"], check=True)
        print(f"{arguments.architecture}: a file of {path.stat().st_size / 1e6:.0f} MB")
        before = resident()

        def report(what, start):
            seconds = time.perf_counter() - start
            anonymous, mapped = (now - was for now, was in zip(resident(), before))
            print(f"{what}: {1000 * seconds:.1f} ms; since the start {anonymous:.0f} MB anonymous, "
                  f"{mapped:.0f} MB mapped")

        start = time.perf_counter()
        model = fcnswift.Model(path)
        report("open", start)
        start = time.perf_counter()
        session = fcnswift.Session(model, threads=arguments.threads)
        report("make a session", start)
        for run in ("first", "second"):
            start = time.perf_counter()
            session.segment(picture)
            report(f"{run} segmentation at {width}×{height}", start)
        session.close()
        report("session closed", time.perf_counter())


if __name__ == "__main__":
    main()
