"""PaddleSeg's networks with random weights, written by paddle2onnx."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import paddle
from paddleseg import models
from paddleseg.models import backbones

SIDE = 256

#: Some of what paddle2onnx cannot write ends its process: each of these it can.
NETWORKS: dict[str, Callable[[], paddle.nn.Layer]] = {
    "unet": lambda: models.UNet(4), "bisenetv2": lambda: models.BiSeNetV2(4),
    "hardnet": lambda: models.HarDNet(4), "stdc": lambda: models.STDCSeg(4, backbones.STDC1()),
    "pphumanseg-lite": lambda: models.PPHumanSegLite(2), "u2netp": lambda: models.U2Netp(4),
    "lraspp": lambda: models.LRASPP(4, backbones.MobileNetV3_large_x1_0()),
    "deeplabv3": lambda: models.DeepLabV3(4, backbones.ResNet50_vd()),
    "deeplabv3p": lambda: models.DeepLabV3P(4, backbones.ResNet50_vd()),
    "ocrnet": lambda: models.OCRNet(4, backbones.HRNet_W18(), backbone_indices=(0,)),
    "fcn-hrnet": lambda: models.FCN(4, backbones.HRNet_W18()),
    "danet": lambda: models.DANet(4, backbones.ResNet50_vd(), backbone_indices=(2, 3)),
    "gcnet": lambda: models.GCNet(4, backbones.ResNet50_vd()),
    "dnlnet": lambda: models.DNLNet(4, backbones.ResNet50_vd()),
    "segformer": lambda: models.SegFormer(4, backbones.MixVisionTransformer_B0(), 256),
    "topformer": lambda: models.TopFormer(4, backbones.TopTransformer_Base()),
}


class First(paddle.nn.Layer):
    """The first of a network's outputs."""

    def __init__(self, network: paddle.nn.Layer) -> None:
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x)[0]


def settle(network: paddle.nn.Layer) -> None:
    """Running statistics of inputs that vary as pictures do, so that scores stay in proportion."""
    network.train()
    for layer in network.sublayers():
        if "BatchNorm" in type(layer).__name__:
            layer._momentum = 0.5
    with paddle.no_grad():
        for _ in range(2):
            coarse = paddle.nn.functional.interpolate(paddle.randn([2, 3, 16, 16]), [SIDE, SIDE])
            network(coarse + 0.3 * paddle.randn([2, 3, SIDE, SIDE]))
    network.eval()


def export(folder: Path) -> Iterator[tuple[str, str]]:
    """Writes each network at open sizes and at a fixed one; names, and what came of them."""
    for name, make in NETWORKS.items():
        paddle.seed(1)
        network = First(make())
        settle(network)
        for sizes, sides in (("open", [None, None]), ("fixed", [SIDE, SIDE])):
            path = folder / f"paddle-{name}.{sizes}.onnx"
            shape = paddle.static.InputSpec([1, 3, *sides], "float32", "x")
            try:
                paddle.onnx.export(
                    network, os.fspath(path.with_suffix("")), input_spec=[shape], opset_version=13)
                yield path.name, "written"
            except SystemExit:
                yield path.name, "not exported"
