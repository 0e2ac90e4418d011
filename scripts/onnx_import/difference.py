"""How far scores and labels may be from those wanted, and pictures to compare them on."""

from __future__ import annotations

import numpy as np

LARGEST_DIFFERENCE = 1e-4
LEAST_AGREEMENT = 0.9999
#: What convolutions' rounding grows most by: fast algorithms for 3×3, that one can do without.
ROUNDING = [f"convolution.winograd{side}" for side in (4, 6, 8)]


def picture(height: int, width: int, seed: int) -> np.ndarray:
    """Coarse and fine noise: height×width×3 bytes."""
    random = np.random.RandomState(seed)
    coarse = random.uniform(0, 200, (height // 16 + 1, width // 16 + 1, 3))
    coarse = np.kron(coarse, np.ones((16, 16, 1)))[:height, :width]
    return np.round(coarse + random.uniform(0, 55, (height, width, 3))).astype(np.uint8)


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(0))
    return powers / powers.sum(0)


#: What follows the scores in some files, and is left to whoever reads them.
ENDINGS = [
    lambda scores: scores, softmax, lambda scores: 1 / (1 + np.exp(-scores)),
    lambda scores: np.log(np.maximum(softmax(scores), 1e-38))]


class Difference:
    """Adds up how far pictures' scores and labels are from those wanted."""

    def __init__(self) -> None:
        self.difference, self.pixels, self.same = None, 0, 0

    def add_scores(self, wanted: np.ndarray, choices: list[np.ndarray]) -> None:
        """Takes the nearest of `choices`."""
        spread = float(wanted.max() - wanted.min())
        found = min(float(np.abs(choice - wanted).max()) for choice in choices) / spread
        self.difference = max(found if np.isfinite(found) else np.inf, self.difference or 0)

    def add_labels(self, wanted: np.ndarray, labels: np.ndarray) -> None:
        self.pixels += wanted.size
        self.same += int((wanted == labels).sum())

    @property
    def agreement(self) -> float:
        return self.same / self.pixels

    @property
    def is_small(self) -> bool:
        return self.agreement >= LEAST_AGREEMENT and (self.difference or 0) <= LARGEST_DIFFERENCE
