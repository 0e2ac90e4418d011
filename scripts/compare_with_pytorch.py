#!/usr/bin/env python3
"""Compares `fcn segment` with PyTorch at full width, 21 classes, random weights.

    pip install torch torchvision numpy safetensors pillow
    make && python3 scripts/compare_with_pytorch.py [--fcn build/bin/fcn] [--networks NAME…]

For each network, all unless some are named, it writes a model file and pictures, has the command segment
them, and prints for each picture the largest difference of the scores relative to their range, and the
share of pixels with the same label. Exit status 1 where the first is above 1e-3 or the second below
99.99 %. The ResNets are torchvision's own; the others are written down in Tests/FCNSwiftTests/Goldens.
A network of VGG16 takes some 4 GB, for PyTorch computes in float64.
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

import fcn_family  # noqa: E402
from fcn_simple import FCNSimple, picture, save_picture  # noqa: E402

LARGEST_DIFFERENCE = 1e-3
LEAST_AGREEMENT = 0.9999
NETWORKS = [
    "fcn-simple", "fcn-simple-bn", "fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce", "fcn-alexnet", "fcn-resnet50",
    "fcn-resnet101"]
SIZES = {"fcn-simple": [(224, 224), (375, 500)], "fcn-simple-bn": [(224, 224)]}
ODD_SIZES = [(375, 500), (241, 319)]


def prepare(name, model):
    """Writes a model file of random weights; returns what computes the scores of a picture."""
    if name.startswith("fcn-simple"):
        network = FCNSimple(21, batch_norm=name.endswith("-bn")).randomize(seed=10)
        network.save(model)
        return network.scores
    network = fcn_family.fill(fcn_family.build(name))
    fcn_family.save(network, model)
    return lambda pixels: fcn_family.scores(network, pixels)


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
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS, help="all by default")
    parser.add_argument("options", nargs="*", help="further options of `fcn segment`, after --")
    arguments = parser.parse_args()
    agreements = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model = folder / "model.safetensors"
        for network in arguments.networks:
            reference = prepare(network, model)
            for seed, (height, width) in enumerate(SIZES.get(network, ODD_SIZES)):
                pixels = picture(height, width, seed)
                wanted = reference(pixels)
                scores, labels = segment(arguments.fcn, model, pixels, folder, arguments.options)
                agreements.append(compare(f"{network}, {height}×{width}", wanted, scores, labels))
    sys.exit(0 if all(agreements) else 1)


if __name__ == "__main__":
    main()
