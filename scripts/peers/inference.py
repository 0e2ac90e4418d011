"""One engine on one network, measured in this process."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np

from . import engines, machine
from .cases import CASES

#: Runs, with the first, before those that are timed.
WARM_UP = 3


def measure(job: dict) -> dict:
    """Load, first run, following runs, memory; and, after all of these, whether results agree."""
    case, folder = CASES[job["case"]], Path(job["folder"])
    engine = engines.make(job["engine"])
    pictures = np.load(case.file(folder, "pictures.npy"))
    values = np.load(case.file(folder, "input.npy"))
    task = engines.Task(case, folder, job["threads"], pictures, values)

    start = time.perf_counter()
    engine.start(case, job["threads"])
    imported, imported_mb = time.perf_counter() - start, machine.peak_mb()

    start = time.perf_counter()
    run = engine.load(task)
    loaded = time.perf_counter() - start
    start = time.perf_counter()
    output = run()
    first = time.perf_counter() - start
    for _ in range(WARM_UP - 1):
        output = run()

    times, cpu, start = [], time.process_time(), time.perf_counter()
    for _ in range(job["runs"]):
        begin = time.perf_counter()
        output = run()
        times.append(time.perf_counter() - begin)
    cores = (time.process_time() - cpu) / (time.perf_counter() - start)
    peak_mb = machine.peak_mb()

    wanted = np.load(case.file(folder, "scores.npy"))
    labels, scores = engine.results(output, wanted.shape)
    return {
        "version": engine.version(), "import_s": imported, "load_s": loaded, "first_s": first,
        "median_s": statistics.median(times), "best_s": min(times), "times_s": times,
        "cores": round(cores, 2), "imported_mb": round(imported_mb), "peak_mb": round(peak_mb),
        "labels_equal": float((labels == wanted.argmax(1)).mean()),
        "error": float(np.abs(scores - wanted).max() / (wanted.max() - wanted.min())),
    }
