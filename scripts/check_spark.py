#!/usr/bin/env python3
"""Runs fcnswift.spark on a cluster of Spark's on this machine, and kills parts of it; see scripts/test-spark.

usage: check_spark.py [PICTURES]

PICTURES says how many are made, 400 by default.
"""

from __future__ import annotations

import collections
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlparse

import numpy as np
from PIL import Image

import fcnswift.spark
from spark_cluster import cluster, own, write_pictures


def executors() -> list[int]:
    return own(lambda words, parent: "CoarseGrainedExecutorBackend" in words and "java" in words)


def python_workers() -> list[int]:
    """The daemon's children, one for every task that runs."""
    return own(lambda words, parent: "pyspark.daemon" in words and "pyspark.daemon" in parent)


def kill_half_way(context: Any, find: Callable[[], list[int]], killed: list[str]) -> None:
    """Waits until half of a stage's tasks are done, then kills the last of what is found."""
    status = context.statusTracker()
    while not killed:
        time.sleep(0.02)
        for stage in status.getActiveStageIds():
            info = status.getStageInfo(stage)
            if info and info.numTasks >= 20 and info.numCompletedTasks >= info.numTasks // 2:
                found = find()
                os.kill(found[-1], signal.SIGKILL)
                killed.append(
                    f"process {found[-1]}, of {len(found)}, after {info.numCompletedTasks} of "
                    f"{info.numTasks} tasks")
                return


def without_spark(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Labels of what can be read by name, and errors' names of what cannot."""
    labels, errors = {}, {}
    with fcnswift.Model.default() as model, fcnswift.Session(model, threads=1) as session:
        for path in sorted(folder.iterdir()):
            try:
                found = session.segment_encoded(path.read_bytes())
                labels[path.name] = np.array(found), session.areas()
            except fcnswift.FCNError as error:
                errors[path.name] = error.name
    return labels, errors


def check(rows: list[Any], labels: dict[str, Any], errors: dict[str, str]) -> None:
    names = collections.Counter(Path(unquote(urlparse(row.path).path)).name for row in rows)
    twice = [name for name, count in names.items() if count > 1]
    assert not twice, f"twice: {twice}"
    lost = (labels.keys() | errors.keys()) - names.keys()
    assert not lost, f"lost: {lost}"
    for row in rows:
        name = Path(unquote(urlparse(row.path).path)).name
        if name in errors:
            assert row.error.startswith(f"{errors[name]}: "), row.error
            assert row.labels is None and row.areas is None and row.width is None, row
            continue
        wanted, areas = labels[name]
        assert row.error is None, f"{name}: {row.error}"
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(row.labels))), wanted)
        assert row.areas == areas and (row.height, row.width) == wanted.shape, row


def main(count: int = 400) -> int:
    with TemporaryDirectory() as scratch:
        folder, output = Path(scratch, "pictures"), Path(scratch, "table")
        folder.mkdir()
        write_pictures(folder, count)
        labels, errors = without_spark(folder)
        print(f"{len(labels)} pictures and {len(errors)} that cannot be read")
        spark = cluster("check_spark", 1 << 20)
        pictures = spark.read.format("binaryFile").load(folder.as_uri())
        segmented = fcnswift.spark.segment_images(pictures)

        def write(find: Callable[[], list[int]] | None) -> str:
            killed: list[str] = []
            killer = threading.Thread(
                target=kill_half_way, args=(spark.sparkContext, find, killed), daemon=True)
            if find:
                killer.start()
            begin = time.monotonic()
            segmented.write.mode("overwrite").parquet(output.as_uri())
            seconds = time.monotonic() - begin
            assert not find or killed, "the table was written before anything was killed"
            check(spark.read.parquet(output.as_uri()).collect(), labels, errors)
            return f"{', '.join(killed) or 'nothing killed'}; {seconds:.1f} s"

        write(None)
        print("none lost, none twice, labels as without Spark:", write(None))
        before = executors()
        print("an executor killed:", write(executors))
        assert set(executors()) != set(before), "the executors are those from before"
        print("a Python worker killed:", write(python_workers))
        sent = spark.sparkContext.listFiles
        assert len(sent) == 1, sent
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
