"""Our own training as a Python program sees it."""

from __future__ import annotations

import os
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))

#: Steps before those that are timed, which compile kernels.
WARM_UP = 3


def training_ms(
    library: pathlib.Path, data: str, output: pathlib.Path, width: float, batch: int, precision: str
) -> float:
    """Median of the steps of one epoch on the first device, pictures read and decoded meanwhile.
    Writing models, after the last step, is not among them."""
    os.environ.setdefault("FCN_LIBRARY", str(library))
    import fcnswift

    ends: list[float] = []

    def listen(progress: fcnswift.TrainProgress) -> None:
        if progress.event == "minibatch":
            ends.append(progress.elapsed_ms)

    with fcnswift.Trainer(
            data, output, backend="cuda", precision=precision, epochs=1, batch_size=batch,
            width=width, batch_norm=0, learning_rate=0.01,
            optimizer="sgd", schedule="constant", warm_up=0, clip_norm=0,
            class_weights="none", crop_width=0, crop_height=0, scale_least=1, scale_greatest=1,
            flip=0, brightness=0, contrast=0) as trainer:
        trainer.run(listen)
    times = [end - start for start, end in zip(ends, ends[1:])]
    return statistics.median(times[WARM_UP - 1:])
