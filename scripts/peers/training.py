"""Training steps of fcn-simple, measured in this process.

Every engine learns from the same pictures, all of them in each step, by momentum SGD from the same
weights, so that its losses can be compared with the others', step by step. Ours is a training run
as any other: its steps include reading the pictures, which PyTorch is handed ready.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from . import engines, machine
from .cases import TRAINED, TRAINING_BATCH, training_data

RATE, MOMENTUM, DECAY = 1e-4, 0.9, 5e-4

ENGINES = {
    "fcn": "ours, float32",
    "fcn_bfloat16": "ours, bfloat16",
    "torch_cl": "PyTorch, float32, channels-last",
    "torch_autocast_cl": "PyTorch, autocast to bfloat16, channels-last",
}
#: Steps before those that are timed.
WARM_UP = 2


def usual() -> list[str]:
    rounded = {"fcn_bfloat16", "torch_autocast_cl"}
    return [name for name in ENGINES if name not in rounded or machine.has_bfloat16()]


def measure(job: dict) -> dict:
    folder, engine = Path(job["folder"]), job["engine"]
    make = train_ours if engines.is_ours(engine) else train_torch
    found = make(engine, folder, job["threads"], WARM_UP + job["runs"])
    times = found.pop("times_s")
    return {
        **found, "first_s": times[0], "median_s": statistics.median(times[WARM_UP:]),
        "best_s": min(times[WARM_UP:]), "times_s": times, "peak_mb": round(machine.peak_mb()),
    }


def train_ours(name: str, folder: Path, threads: int, steps: int) -> dict:
    """An epoch is a step here. The time that the library tells leaves out what follows an epoch:
    writing models, which go to memory where there is a file system for that."""
    engine = engines.FCN(name[4:])
    engine.start(TRAINED, threads)
    imported_mb = machine.peak_mb()
    import fcnswift

    told: list[tuple[float, float]] = []

    def listen(progress: fcnswift.TrainProgress) -> None:
        if progress.event == "minibatch":
            told.append((progress.elapsed_ms / 1000, progress.loss))

    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=shared) as output, \
            fcnswift.Model(TRAINED.model(folder)) as model, \
            fcnswift.Trainer(
                training_data(folder), output, model, threads=threads, epochs=steps,
                precision=engine.precision,
                batch_size=TRAINING_BATCH, learning_rate=RATE, momentum=MOMENTUM,
                weight_decay=DECAY, bias_decay=1,
                optimizer="sgd", schedule="constant", warm_up=0, clip_norm=0,
                class_weights="none", crop_width=0, crop_height=0, scale_least=1, scale_greatest=1,
                flip=0, brightness=0, contrast=0) as trainer:
        trainer.run(listen)
    ends = [0.0, *(end for end, _ in told)]
    return {
        "version": engine.version(), "imported_mb": round(imported_mb),
        "times_s": [end - start for start, end in zip(ends, ends[1:])],
        "losses": [loss for _, loss in told],
    }


def train_torch(name: str, folder: Path, threads: int, steps: int) -> dict:
    import torch
    import torch.nn.functional as F

    from . import networks

    torch.set_num_threads(threads)
    imported_mb = machine.peak_mb()
    values, labels = (torch.from_numpy(array) for array in minibatch(folder))
    values = values.contiguous(memory_format=torch.channels_last)
    network = networks.load(TRAINED.network, TRAINED.weights(folder))
    # Copies, for the file stays mapped and must stay as it is.
    network = network.to(memory_format=torch.channels_last).train()
    for parameter in network.parameters():
        parameter.data = parameter.data.clone(memory_format=torch.preserve_format)
        parameter.requires_grad_(True)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    times, losses = [], []
    for _ in range(steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, name == "torch_autocast_cl"):
            scores = network(values)
        loss = F.cross_entropy(scores.float(), labels, ignore_index=255)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        times.append(time.perf_counter() - start)
    return {"version": torch.__version__, "imported_mb": round(imported_mb), "times_s": times,
            "losses": losses}


def minibatch(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The training pictures as floats and labels, ready made."""
    from PIL import Image

    from .prepare import prepared, preprocessing

    data = training_data(folder)
    names = (data / "ImageSets/Segmentation/train.txt").read_text().split()

    def read(kind: str) -> np.ndarray:
        return np.stack([np.array(Image.open(data / kind / f"{name}.png")) for name in names])

    values = prepared(read("JPEGImages"), preprocessing(TRAINED.model(folder)))
    return values, read("SegmentationClass").astype(np.int64)
