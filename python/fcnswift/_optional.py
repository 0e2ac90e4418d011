"""What other packages do for this one where they are installed: Pillow's pictures, tqdm's bars."""

from __future__ import annotations

import importlib
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .trainer import TrainProgress


def pillow_module(name: str) -> Any:
    """The module `name` of Pillow. Raises ImportError that says how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(
            "this needs Pillow, which is not installed: pip install pillow, or fcnswift[pillow]"
        ) from None


def progress_bar(**options: Any) -> Any:
    """A bar of tqdm's, in a notebook its widget. Raises ImportError that says how to get tqdm."""
    try:
        module = importlib.import_module("tqdm.auto")
    except ImportError:
        raise ImportError(
            "progress=True draws a bar with tqdm, which is not installed: pip install tqdm, or "
            "fcnswift[tqdm]") from None
    return module.tqdm(**options)


class TrainingBar:
    """A bar that tells how far a training is, and its loss."""

    def __init__(self) -> None:
        self._bar = progress_bar(unit=" steps")

    def show(self, progress: TrainProgress) -> None:
        """Moves the bar to where training is."""
        self._bar.total = progress.iteration_count
        self._bar.n = progress.iteration
        self._bar.set_description(f"epoch {progress.epoch} of {progress.epoch_count}", refresh=False)
        told = {"loss": f"{progress.loss:.4f}"}
        if progress.validation_mean_iu is not None:
            told["mean IU"] = f"{progress.validation_mean_iu:.3f}"
        self._bar.set_postfix(told, refresh=False)
        # At tqdm's own pace, but for what comes once an epoch.
        self._bar.update(0)
        if progress.event == "epoch":
            self._bar.refresh()

    def __enter__(self) -> TrainingBar:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._bar.close()
