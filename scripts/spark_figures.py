#!/usr/bin/env python3
"""Pictures a second with fcnswift.spark and without; see scripts/test-spark --figures.

usage: spark_figures.py [PICTURES [FOLDER]]

Two executors of one core each, two threads with a session of one thread each in one process, and a session of
two threads: all read the files, segment them, and make of the labels PNG files and areas. FOLDER has PNG and
JPEG files of which PICTURES are taken, over again where there are fewer; by default 600 are made, three of
four of 480 × 360 pixels, the fourth of 960 × 720. Half of them goes first, for JVMs compile code as it runs.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import fcnswift.spark
from fcnswift._png import png_bytes
from spark_cluster import cluster, picture, processor_seconds


def fill(folder: Path, count: int, source: str | None) -> None:
    if source:
        files = sorted(path for path in Path(source).resolve().iterdir() if path.is_file())
        for index, path in zip(range(count), itertools.cycle(files)):
            (folder / f"{index:05d}{path.suffix}").symlink_to(path)
        return
    for index in range(count):
        size = (960, 720) if index % 4 == 3 else (480, 360)
        picture(*size, index % 40).save(folder / f"{index:05d}.jpg", quality=90)


def one_process(files: list[Path], sessions: int, threads: int) -> float:
    """Seconds for all files, the sessions open and warm before."""
    with fcnswift.Model.default() as model:
        made = [fcnswift.Session(model, threads=threads) for _ in range(sessions)]
        queue = iter(files)
        lock = threading.Lock()

        def work(session: fcnswift.Session) -> None:
            while True:
                with lock:
                    path = next(queue, None)
                if path is None:
                    return
                labels = session.segment_encoded(path.read_bytes())
                png_bytes(labels, model.palette)
                session.areas()

        for session in made:
            session.segment_encoded(files[0].read_bytes())
        workers = [threading.Thread(target=work, args=(session,)) for session in made]
        begin = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return time.perf_counter() - begin


def main(count: int, source: str | None) -> int:
    with TemporaryDirectory() as scratch:
        folder, few = Path(scratch, "pictures"), Path(scratch, "few")
        for name, number in ((folder, count), (few, count // 2)):
            name.mkdir()
            fill(name, number, source)
        files = sorted(folder.iterdir())
        begin = time.perf_counter()
        spark = cluster("spark_figures", 1 << 22)
        print(f"Spark's start {time.perf_counter() - begin:.1f} s", flush=True)

        def run(folder: Path) -> float:
            segmented = fcnswift.spark.segment_images(
                spark.read.format("binaryFile").load(folder.as_uri()))
            begin = time.perf_counter()
            segmented.write.format("noop").mode("overwrite").save()
            return time.perf_counter() - begin

        def tell(name: str, count: int, measure: Callable[[], float]) -> None:
            before = processor_seconds()
            seconds = measure()
            taken = {kind: value - before[kind] for kind, value in processor_seconds().items()}
            parts = ", ".join(f"{kind} {value:.1f}" for kind, value in taken.items() if value >= 0.1)
            print(
                f"{name}: {count} pictures, {seconds:.1f} s, {count / seconds:.1f} a second; "
                f"processor seconds: {parts}", flush=True)

        tell("Spark, the first run", count // 2, lambda: run(few))
        tell("Spark, 2 executors of 1 core", count, lambda: run(folder))
        tell("one process, 2 sessions of 1 thread", count, lambda: one_process(files, 2, 1))
        tell("one process, 1 session of 2 threads", count, lambda: one_process(files, 1, 2))
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 600, *sys.argv[2:3] or [None]))
