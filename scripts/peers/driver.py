"""Runs measurements one after another, each in a process of its own, engines taking turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import inference, machine, training

#: Seconds after which a measurement is given up.
LIMIT = 1800


def work(job: dict) -> None:
    """In the measurement's process: prints what was found, as its last line."""
    measure = {"inference": inference.measure, "training": training.measure}[job["kind"]]
    print(json.dumps(measure(job)), flush=True)


def run(job: dict, program: Path) -> dict:
    """What the process of `job` found, or its `failure`."""
    count = str(job["threads"])
    environment = {
        **os.environ, "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count}
    words = [sys.executable, str(program), "--worker", json.dumps(job)]
    try:
        done = subprocess.run(
            words, env=environment, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"failure": f"not done after {LIMIT} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines and lines[-1].startswith("{"):
        return json.loads(lines[-1])
    said = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
    return {"failure": said[-1][-300:]}


def alternate(
    groups: Sequence[Sequence[dict]], rounds: int, out: Path, patience: float, program: Path
) -> None:
    """Runs all jobs of all groups, `rounds` times. A group's jobs, which will be compared, stand
    next to each other in time, and turn their order round by round, so that a machine that grows
    slower or faster does so for all of them. Appends a line to `out` for each."""
    with out.open("a") as file:
        def record(entry: dict) -> None:
            file.write(json.dumps(entry) + "\n")
            file.flush()

        record({"kind": "machine", "date": time.strftime("%Y-%m-%d"), **machine.description()})
        for number in range(rounds):
            for group in groups:
                for job in group if number % 2 == 0 else reversed(group):
                    machine.wait_until_quiet(patience)
                    disturbance = machine.Disturbance()
                    found = run(job, program)
                    kept = {name: value for name, value in job.items() if name != "folder"}
                    entry = {**kept, "round": number, **disturbance.rates(), **found}
                    record(entry)
                    print(line(entry), flush=True)


def line(entry: dict) -> str:
    """An entry for whoever watches."""
    head = (f"{entry['round'] + 1}: {entry['case']}, {entry['threads']} "
            f"thread{'s' * (entry['threads'] != 1)}, {entry['engine']}:")
    if "failure" in entry:
        return f"{head} failed: {entry['failure']}"
    text = (f"{head} median {1e3 * entry['median_s']:.1f} ms, best {1e3 * entry['best_s']:.1f}, "
            f"first {1e3 * entry['first_s']:.0f}, {entry['peak_mb']} MB, ")
    if "error" in entry:
        text += f"labels {entry['labels_equal']:.4%}, error {entry['error']:.1e}"
    else:
        text += "losses " + ", ".join(f"{loss:.4f}" for loss in entry["losses"][:4])
    return f"{text}; others {entry['others']:.2f} cores, stolen {entry['stolen']:.3f}"
