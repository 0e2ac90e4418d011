#!/usr/bin/env python3
"""Compares the scores and labels of `int16` and `int8` with those of `float32`, random weights.

    pip install numpy safetensors pillow
    make && python3 scripts/compare_precisions.py [--fcn build/bin/fcn] [ARCHITECTURE…]

For each architecture, some of each family if none is named, it makes a model of random weights, measures
ranges on two pictures (`fcn quantize`) and segments a third in every precision. It prints, as a table in
Markdown, the largest difference of a score relative to the range of float32's, and the share of pixels with
the same label. Random weights are the hard case: the scores of different classes lie close together.
"""

import argparse
import pathlib
import subprocess
import tempfile

import numpy as np
from PIL import Image

from random_models import picture, randomize

ROOT = pathlib.Path(__file__).resolve().parent.parent

ARCHITECTURES = [
    "fcn-simple", "fcn8s", "fcn-alexnet", "fcn-resnet50", "deeplabv3-resnet50", "unet", "unet-resnet34",
    "fpn-resnet18", "deeplabv3plus-mobilenet-v2", "lraspp-mobilenet-v3-large", "unet-efficientnet-b0",
    "segnet", "fc-densenet56", "dabnet", "edanet"]
PRECISIONS = ["int16", "int8"]
CLASSES = ",".join(f"class{index}" for index in range(21))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fcn", default=str(ROOT / "build/bin/fcn"))
    parser.add_argument("--size", default="320x240", help="of the pictures, WIDTHxHEIGHT")
    parser.add_argument("architectures", nargs="*", default=ARCHITECTURES, metavar="ARCHITECTURE")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))

    def run(*words):
        subprocess.run([arguments.fcn, *map(str, words)], check=True)

    print("| architecture | int16: difference | labels equal | int8: difference | labels equal |")
    print("|---|---|---|---|---|")
    for architecture in arguments.architectures:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            model, quantized = folder / "model.safetensors", folder / "quantized.safetensors"
            pictures = [folder / f"{index}.png" for index in range(3)]
            for index, path in enumerate(pictures):
                Image.fromarray(picture(height, width, 50 + index)).save(path)
            run("init", "--architecture", architecture, "--classes", CLASSES, "-o", model, "--quiet")
            randomize(model, 7)
            run("quantize", "--model", model, "-o", quantized, "--quiet", *pictures[1:])
            scores = {}
            for precision in ["float32", *PRECISIONS]:
                path = folder / f"{precision}.npy"
                run("segment", "--model", quantized, "--precision", precision, "--scores", path, "--quiet",
                    pictures[0])
                scores[precision] = np.load(path)
        exact = scores["float32"]
        cells = []
        for precision in PRECISIONS:
            difference = np.abs(scores[precision] - exact).max() / np.ptp(exact)
            equal = np.mean(scores[precision].argmax(0) == exact.argmax(0))
            cells += [f"{difference:.1e}", f"{100 * equal:.2f} %"]
        print(f"| {architecture} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
