"""What the scripts that try fcnswift.spark share: pictures, and a cluster on this machine."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from pyspark.sql import SparkSession


def cluster(name: str, task_bytes: int) -> SparkSession:
    """Two workers of one core, processes of their own, and tasks of so many bytes of pictures' files."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = (
        SparkSession.builder.master("local-cluster[2,1,2048]").appName(name)
        .config("spark.executor.memory", "768m").config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.files.openCostInBytes", str(1 << 16))
        .config("spark.sql.files.maxPartitionBytes", str(task_bytes))
        .config("spark.hadoop.fs.file.impl.disable.cache", "false").getOrCreate())
    session.sparkContext.setLogLevel("OFF")
    return session


def picture(width: int, height: int, seed: int) -> Image.Image:
    """Soft patches of colour, of which an encoder makes about as much as of a photograph."""
    numbers = np.random.default_rng(seed)
    small = numbers.integers(0, 256, (height // 24 + 2, width // 24 + 2, 3), np.uint8)
    soft = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), int)
    noise = numbers.integers(-6, 7, soft.shape)
    return Image.fromarray(np.clip(soft + noise, 0, 255).astype(np.uint8))


def write_pictures(folder: Path, count: int) -> None:
    """PNG and JPEG files of many sizes; every fiftieth is damaged, or none at all."""
    sizes = random.Random(1)
    for index in range(count):
        drawn = picture(sizes.randrange(64, 640), sizes.randrange(64, 480), index)
        path = folder / f"picture {index:04d}.{'png' if index % 3 else 'jpg'}"
        drawn.save(path, quality=90)
        if index % 50 != 25:
            continue
        whole = path.read_bytes()
        # No empty files: the reader leaves them out.
        damage = [whole[:len(whole) // 2], b"\0", b"this is text, not a picture", whole[:40]]
        path.write_bytes(damage[index // 50 % len(damage)])


def processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent and command line of every process."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        yield int(entry.name), parent, words


def own(wanted: Callable[[str, str], bool]) -> list[int]:
    """Those below this process whose command line, and whose parent's, are as `wanted` says."""
    known = {number: (parent, words) for number, parent, words in processes()}

    def is_below(number: int) -> bool:
        while number in known:
            if number == os.getpid():
                return True
            number = known[number][0]
        return False

    return [
        number for number, (parent, words) in known.items()
        if wanted(words, known.get(parent, (0, ""))[1]) and is_below(number)]


def processor_seconds() -> dict[str, float]:
    """What this process and those below it have taken, by what they are."""
    taken = {"this process": 0.0, "Python workers": 0.0, "executors": 0.0, "driver": 0.0}
    for number in own(lambda words, parent: True):
        try:
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            words = Path(f"/proc/{number}/cmdline").read_text()
        except OSError:
            continue
        kind = (
            "this process" if number == os.getpid() else "Python workers" if "pyspark.daemon" in words
            else "executors" if "CoarseGrainedExecutorBackend" in words else "driver")
        taken[kind] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return taken
