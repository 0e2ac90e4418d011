#!/usr/bin/env python3
"""Compares `fcn segment` with ONNX Runtime on what `fcn export` writes, random weights.

    pip install onnx onnxruntime numpy safetensors pillow
    make && python3 scripts/compare_onnx.py [--fcn build/bin/fcn] [ARCHITECTURE…]

For each architecture, fcn-simple if none is named, it makes a model of random weights and the ONNX
file of it, has onnx check the file, and for pictures of several sizes, none a multiple of a stride,
prints the largest difference of the scores relative to their range, and the share of pixels with the
same label. Exit status 1 where the first is above 1e-3 or the second below 99.99 %.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from PIL import Image

from random_models import picture, randomize

ROOT = pathlib.Path(__file__).resolve().parent.parent

LARGEST_DIFFERENCE = 1e-3
LEAST_AGREEMENT = 0.9999
SIZES = [(375, 500), (241, 319), (64, 33)]


def prepared(pixels, preprocessing):
    """The network's input, as the ONNX file's metadata says."""
    assert preprocessing["size"]["rule"] == "native", preprocessing
    values = pixels.astype(np.float32)
    if preprocessing["order"] == "bgr":
        values = values[:, :, ::-1]
    if preprocessing["order"] == "grey":
        values = (values @ np.float32([0.299, 0.587, 0.114]))[:, :, None]
    values = (values - np.float32(preprocessing["mean"])) * np.float32(preprocessing["scale"])
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def compare(name, wanted, found):
    """Prints one line; returns whether the two agree."""
    if found.shape != wanted.shape:
        print(f"{name}: shape {found.shape}; wanted {wanted.shape}")
        return False
    spread = wanted.max() - wanted.min()
    difference = np.abs(found - wanted).max() / spread
    agreement = (found.argmax(0) == wanted.argmax(0)).mean()
    agree = bool(difference <= LARGEST_DIFFERENCE and agreement >= LEAST_AGREEMENT)
    print(
        f"{name}: largest difference {difference:.1e} of the scores' range {spread:.1f}, "
        f"same label at {agreement:.4%} of pixels, {len(np.unique(wanted.argmax(0)))} classes present: "
        + ("ok" if agree else "TOO FAR"), flush=True)
    return agree


def compare_model(command, name, options, half, folder):
    """Compares one model with itself; returns whether all pictures agree."""
    model, exported = str(folder / "model.safetensors"), str(folder / "model.onnx")
    source, scores = str(folder / "picture.png"), str(folder / "scores.npy")

    def run(*words):
        subprocess.run([command, *words, "--quiet"], check=True, stdout=subprocess.DEVNULL)

    run("init", *options, *(["--half"] if half else []), "-o", model)
    randomize(model, seed=3)
    run("export", "--model", model, "--onnx", exported)
    onnx.checker.check_model(exported, full_check=True)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    preprocessing = json.loads(session.get_modelmeta().custom_metadata_map["fcn.preprocessing"])
    agreements = []
    for seed, (height, width) in enumerate(SIZES):
        pixels = picture(height, width, seed)
        Image.fromarray(pixels).save(source)
        run("segment", source, "--model", model, "--scores", scores)
        values = prepared(pixels, preprocessing)
        # As one of a batch, so that the batch's size is seen to be free.
        batch = np.concatenate([np.zeros_like(values), values]) if seed == 1 else values
        [found] = session.run(["scores"], {"input": batch})
        agreements.append(compare(f"{name}, {height}×{width}", np.load(scores), found[-1]))
    return all(agreements)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fcn", default=str(ROOT / "build/bin/fcn"), help="the command (build/bin/fcn)")
    parser.add_argument("--classes", type=int, default=21, help="classes to tell apart (21)")
    parser.add_argument("--width", default="0.125", help="a factor on channel counts (0.125)")
    parser.add_argument("--batch-norm", action="store_true", help="with batch normalisation")
    parser.add_argument("--half", action="store_true", help="weights stored as float16")
    parser.add_argument("architectures", nargs="*", default=["fcn-simple"], help="names (fcn-simple)")
    arguments = parser.parse_args()
    names = ",".join(f"class {index}" for index in range(arguments.classes))
    agreements = []
    with tempfile.TemporaryDirectory() as folder:
        for architecture in arguments.architectures:
            options = ["--architecture", architecture, "--classes", names, "--width", arguments.width]
            if arguments.batch_norm:
                options.append("--batch-norm")
            agreements.append(
                compare_model(
                    arguments.fcn, architecture, options, arguments.half, pathlib.Path(folder)))
    sys.exit(0 if all(agreements) else 1)


if __name__ == "__main__":
    main()
