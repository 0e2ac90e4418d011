#!/usr/bin/env python3
"""Compares `fcn segment` with PyTorch on fcn-simple at full width, 21 classes, random weights.

    pip install torch numpy safetensors pillow
    make && python3 scripts/compare_with_pytorch.py [--fcn build/bin/fcn]

Writes a model file and pictures, has the command segment them, and prints for each picture the largest
difference of the scores relative to their range, and the share of pixels with the same label. Exit
status 1 where the first is above 1e-3 or the second below 99.99 %.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/FCNSwiftTests/Goldens"))

from fcn_simple import FCNSimple, picture, save_picture  # noqa: E402

LARGEST_DIFFERENCE = 1e-3
LEAST_AGREEMENT = 0.9999
CASES = [
    ("224×224", False, (224, 224)),
    ("375×500", False, (375, 500)),
    ("224×224, batch norm", True, (224, 224)),
]


def segment(command, model, pixels, folder, options):
    """The scores and labels that the command makes of a picture."""
    source, scores, labels = (str(folder / name) for name in ("picture.png", "scores.npy", "labels.png"))
    save_picture(source, pixels)
    subprocess.run(
        [command, "segment", source, "--model", str(model), "--scores", scores, "--labels", labels, *options],
        check=True, stdout=subprocess.DEVNULL)
    return np.load(scores), np.array(Image.open(labels))


def compare(name, wanted, scores, labels):
    """Prints one line; returns whether the two agree."""
    if scores.shape != wanted.shape or labels.shape != wanted.shape[1:]:
        print(f"{name}: shapes {scores.shape} and {labels.shape}; wanted {wanted.shape}")
        return False
    spread = wanted.max() - wanted.min()
    difference = np.abs(scores - wanted).max() / spread
    agreement = (labels == wanted.argmax(0)).mean()
    agree = bool(difference <= LARGEST_DIFFERENCE and agreement >= LEAST_AGREEMENT)
    print(
        f"{name}: largest difference {difference:.1e} of the scores' range {spread:.1f}, "
        f"same label at {agreement:.4%} of pixels, {len(np.unique(labels))} classes present: "
        + ("ok" if agree else "TOO FAR"))
    return agree


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fcn", default=str(ROOT / "build/bin/fcn"), help="the command (build/bin/fcn)")
    parser.add_argument("options", nargs="*", help="further options of `fcn segment`, after --")
    arguments = parser.parse_args()
    agreements = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model = folder / "model.safetensors"
        for seed, (case, batch_norm, (height, width)) in enumerate(CASES):
            network = FCNSimple(21, batch_norm=batch_norm).randomize(seed=10 + seed)
            network.save(model)
            pixels = picture(height, width, seed)
            wanted = network.scores(pixels)
            scores, labels = segment(arguments.fcn, model, pixels, folder, arguments.options)
            agreements.append(compare(case, wanted, scores, labels))
    sys.exit(0 if all(agreements) else 1)


if __name__ == "__main__":
    main()
