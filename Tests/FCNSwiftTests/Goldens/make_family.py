#!/usr/bin/env python3
"""Makes family.safetensors: the scores that PyTorch computes with each network of the family.

    pip install torch torchvision numpy safetensors pillow && python3 make_family.py

Each tensor is named after its architecture: classes×height×width scores of waves-33x47.png, 4 classes,
weights by the rule in fcn_family.py. VGG16's and AlexNet's are WIDTH as wide as published; the ResNets
are torchvision's own, and as wide.
"""

import pathlib

import numpy as np
from safetensors.numpy import save_file

import fcn_family
from fcn_simple import picture, save_picture

HERE = pathlib.Path(__file__).parent
WIDTH = 0.125
NAMES = ["fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce", "fcn-alexnet", "fcn-resnet50", "fcn-resnet101"]


def main():
    pixels = picture(33, 47, seed=3)
    save_picture(HERE / "waves-33x47.png", pixels)
    results = {}
    for name in NAMES:
        width = 1.0 if "resnet" in name else WIDTH
        module = fcn_family.fill(fcn_family.build(name, classes=4, width=width))
        values = fcn_family.scores(module, pixels)
        results[name] = np.ascontiguousarray(values.astype(np.float32))
        best = np.sort(values, axis=0)
        print(f"{name}: scores {values.min():.3g}…{values.max():.3g}, "
              f"classes {np.bincount(values.argmax(0).ravel())}, "
              f"closest decision {(best[-1] - best[-2]).min():.1e}")
    save_file(results, HERE / "family.safetensors")


if __name__ == "__main__":
    main()
