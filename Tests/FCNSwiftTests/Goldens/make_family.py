#!/usr/bin/env python3
"""Makes family.safetensors and networks.safetensors: the scores that PyTorch computes with each network of
the FCN family, and with others.

    pip install torch torchvision segmentation_models_pytorch numpy safetensors pillow
    python3 make_family.py

Each tensor is named after its architecture: classes×height×width scores of waves-33x47.png, 4 classes in
the one file and 2 in the other, weights by the rule in fcn_family.py. Networks that libraries have are
theirs, and as wide; of the others VGG16's and AlexNet's are WIDTH as wide as published, the rest
NETWORK_WIDTH.
"""

import pathlib

import numpy as np
from safetensors.numpy import save_file

import fcn_family
import fcn_networks
from fcn_simple import picture, save_picture

HERE = pathlib.Path(__file__).parent
WIDTH = 0.125
NAMES = ["fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce", "fcn-alexnet", "fcn-resnet50", "fcn-resnet101"]
#: One of each head, each trunk and each library, as the networks that they do not have in common differ.
NETWORKS = [
    "deeplabv3-resnet50", "deeplabv3-mobilenet-v3-large", "lraspp-mobilenet-v3-large", "unet-resnet18",
    "unet-mobilenet-v3-large", "fpn-resnet34", "fpn-efficientnet-b0", "deeplabv3plus-mobilenet-v2",
    "deeplabv3plus-mobilenet-v3-large", "deeplabv3plus-efficientnet-b0", *fcn_networks.OTHERS]
NETWORK_WIDTH = 0.5


def main():
    pixels = picture(33, 47, seed=3)
    save_picture(HERE / "waves-33x47.png", pixels)
    write("family", pixels, {
        name: fcn_family.build(name, classes=4, width=1.0 if "resnet" in name else WIDTH) for name in NAMES})
    write("networks", pixels, {
        name: fcn_networks.build(name, classes=2, width=NETWORK_WIDTH) for name in NETWORKS})


def write(file, pixels, modules):
    results = {}
    for name, module in modules.items():
        fcn_family.fill(module)
        values = fcn_family.scores(module, pixels)
        results[name] = np.ascontiguousarray(values.astype(np.float32))
        best = np.sort(values, axis=0)
        print(f"{name}: scores {values.min():.3g}…{values.max():.3g}, "
              f"classes {np.bincount(values.argmax(0).ravel())}, "
              f"closest decision {(best[-1] - best[-2]).min():.1e}")
    save_file(results, HERE / f"{file}.safetensors")


if __name__ == "__main__":
    main()
