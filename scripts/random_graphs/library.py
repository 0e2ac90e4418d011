"""Our library in a process of its own, so that a crash of it ends that process and nothing else.

Run as a program this is that process: it reads requests from its input and writes replies, JSON a
line.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

SCRIPTS = Path(__file__).resolve().parent.parent
#: Seconds that an import and its pictures may take.
PATIENCE = 120


class Crash(Exception):
    """The process ended, or did not answer."""


class Library:
    """The library at `path`, which is started when it is first asked and after each crash."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.log = path, folder / "log.txt"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        places = [str(SCRIPTS), str(SCRIPTS.parent / "python")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "random_graphs.library"], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.log.open("w"), env=os.environ | {
                "FCN_LIBRARY": str(self.path), "PYTHONPATH": os.pathsep.join(places)})
        if not self.process.stdout.readline():
            sys.exit(f"{self.path}: {self.last_words()}")

    def last_words(self) -> str:
        """What the process said of its end."""
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()]
        fatal = [line for line in lines if "Fatal error" in line]
        return (fatal or lines or [""])[-1]

    def ask(self, **request) -> dict:
        """The reply; see answer(). Raises Crash."""
        if self.process is None:
            self.start()
        process, late = self.process, threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(PATIENCE, stop)
        timer.start()
        try:
            print(json.dumps(request), file=process.stdin, flush=True)
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if line:
            return json.loads(line)
        self.close()
        if late.is_set():
            raise Crash(f"no answer for {PATIENCE} s")
        status = process.returncode
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        raise Crash(f"{how} {self.last_words()}".strip())

    def close(self) -> None:
        if self.process is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
            self.process.wait()
            self.process = None


def answer(
    model: str, normalise: bool, sizes: list[list[int]], results: str, without: list[str],
) -> dict:
    """Imports the file `model`, and writes scores and labels of pictures of these sizes, numbered,
    to the file `results`. Returns the stride and the preprocessing, or the message with which the
    import was "refused" or a picture "failed"."""
    import fcnswift
    from onnx_import.difference import picture

    rule = {"mean": 127, "std": 64} if normalise else None
    try:
        imported = fcnswift.Model.imported(model, preprocessing=rule)
    except fcnswift.FCNError as error:
        return {"refused": str(error).removeprefix(f"{model}: ")}
    arrays = {}
    try:
        session = fcnswift.Session(imported, threads=1, disabled_forms=without)
        for number, size in enumerate(sizes):
            arrays[f"labels{number}"] = session.segment(picture(*size, number))
            arrays[f"scores{number}"] = session.scores()
    except fcnswift.FCNError as error:
        return {"failed": str(error)}
    np.savez(results, **arrays)
    rule = imported.preprocessing
    return {
        "stride": json.loads(imported.graph)["stride"], "mean": rule["mean"],
        "scale": rule["scale"]}


def main() -> None:
    import fcnswift  # noqa: F401

    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
