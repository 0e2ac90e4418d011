"""The networks in PyTorch, under the names that our model files have, with weights of a fixed seed.

They are those of the tests' goldens and of scripts/check-onnx-import, so that there is one description
of each. Needs torch, torchvision, safetensors and pillow, and for some segmentation-models-pytorch.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from .cases import CASES, CLASSES, ROOT

sys.path.insert(0, str(ROOT / "Tests/FCNSwiftTests/Goldens"))
import fcn_family  # noqa: E402
from fcn_simple import FCNSimple, picture  # noqa: E402, F401

#: Networks that others publish; ours are of the tests.
IMPORTED = {case.network for case in CASES.values() if case.imported}

UPSAMPLING = ("upscore2", "upscore_pool4", "upscore8")


def build(network: str) -> nn.Module:
    if network in IMPORTED:
        # Its modules are not needed, nor there, for the others.
        from onnx_import import cases, networks

        return networks.build(cases.Case(network, "dynamo", 18, classes=CLASSES))
    if network == "fcn-simple":
        return FCNSimple(CLASSES)
    module = fcn_family.build(network, CLASSES)
    if network == "fcn8s":
        # The published files hold a kernel for every pair of classes; others run them all.
        for name in UPSAMPLING:
            layer = getattr(module, name)
            dense = nn.ConvTranspose2d(
                CLASSES, CLASSES, layer.kernel_size, layer.stride, bias=False)
            setattr(module, name, dense)
    return module


def create(network: str, weights: Path) -> None:
    """Writes weights that keep values of order 1 through all layers, so that errors mean something
    in bfloat16 and int8 too."""
    module = build(network)
    if network == "fcn-simple":
        module.randomize(seed=7)
    elif network not in IMPORTED:
        fcn_family.fill(module)
    if network == "fcn8s":
        for name in UPSAMPLING:  # every class now adds to every other
            getattr(module, name).weight.data /= CLASSES**0.5
    save_file({name: value.contiguous() for name, value in module.state_dict().items()}, weights)


class MainScores(nn.Module):
    """torchvision's networks return the scores of all their heads by name."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)["out"]


def load(network: str, weights: Path) -> nn.Module:
    """The network with the weights of a file, where that can be without first making others up."""
    if network in IMPORTED:
        module = build(network)
        module.load_state_dict(load_file(weights))
        return module
    with torch.device("meta"):
        module = build(network)
    if network.startswith("fcn-resnet"):
        module = module.inner
    module.load_state_dict(load_file(weights), assign=True)
    if network.startswith("fcn-resnet"):
        module = MainScores(module)
    return module.eval().requires_grad_(False)
