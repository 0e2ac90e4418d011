"""The FCN family in PyTorch, written down from the papers' tables, and torchvision's own ResNets.

`build(name, classes, width)` gives a module whose state dict, less `num_batches_tracked`, has the
names and shapes of our model files. Crop offsets are the published ones, not computed. Weights follow
from their names by a rule that the tests know too (`fill`), so that goldens need hold no weights.
Needs torch, torchvision, numpy and safetensors.
"""

import json
import re
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn

GROUPS = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
CAFFE = {"order": "bgr", "mean": [104.00699, 116.66877, 122.67892], "scale": [1.0, 1.0, 1.0]}
TORCHVISION = {
    "order": "rgb", "mean": [123.675, 116.28, 103.53], "scale": [1 / 58.395, 1 / 57.12, 1 / 57.375]}


def scaled(channels, width):
    return max(1, int(np.floor(channels * width + 0.5)))


class VGG16FCN(nn.Module):
    """voc-fcn32s, 16s, 8s and 8s-atonce: `finest` is the stride of the finest scores."""

    def __init__(self, finest, classes, width=1.0, at_once=False):
        super().__init__()
        self.finest, self.at_once = finest, at_once
        inputs, pooled = 3, []
        for group, (channels, count) in enumerate(GROUPS, 1):
            channels = scaled(channels, width)
            for index in range(1, count + 1):
                padding = 100 if (group, index) == (1, 1) else 1
                self.add_module(f"conv{group}_{index}", nn.Conv2d(inputs, channels, 3, padding=padding))
                inputs = channels
            pooled.append(channels)
        hidden = scaled(4096, width)
        self.fc6 = nn.Conv2d(inputs, hidden, 7)
        self.fc7 = nn.Conv2d(hidden, hidden, 1)
        self.score_fr = nn.Conv2d(hidden, classes, 1)

        def upsampling(factor):
            return nn.ConvTranspose2d(classes, classes, 2 * factor, factor, bias=False, groups=classes)

        if finest == 32:
            self.upscore = upsampling(32)
            return
        self.upscore2 = upsampling(2)
        self.score_pool4 = nn.Conv2d(pooled[3], classes, 1)
        if finest == 16:
            self.upscore16 = upsampling(16)
            return
        self.upscore_pool4 = upsampling(2)
        self.score_pool3 = nn.Conv2d(pooled[2], classes, 1)
        self.upscore8 = upsampling(8)

    def forward(self, x):
        def crop(scores, offset, like):
            height, width = map(int, like.shape[2:])  # constants in what is traced
            return scores[:, :, offset : offset + height, offset : offset + width]

        picture, pools = x, []
        for group, (_, count) in enumerate(GROUPS, 1):
            for index in range(1, count + 1):
                x = F.relu(self.get_submodule(f"conv{group}_{index}")(x))
            x = F.max_pool2d(x, 2, 2, ceil_mode=True)
            pools.append(x)
        pool3, pool4 = pools[2] * (0.0001 if self.at_once else 1), pools[3] * (0.01 if self.at_once else 1)
        x = self.score_fr(F.relu(self.fc7(F.relu(self.fc6(x)))))
        if self.finest == 32:
            return crop(self.upscore(x), 19, picture)
        x = self.upscore2(x)
        x = x + crop(self.score_pool4(pool4), 5, x)
        if self.finest == 16:
            return crop(self.upscore16(x), 27, picture)
        x = self.upscore_pool4(x)
        x = x + crop(self.score_pool3(pool3), 9, x)
        return crop(self.upscore8(x), 31, picture)


class AlexNetFCN(nn.Module):
    """voc-fcn-alexnet."""

    def __init__(self, classes, width=1.0):
        super().__init__()

        def channels(count):
            return 2 * scaled(count // 2, width)

        hidden = scaled(4096, width)
        self.conv1 = nn.Conv2d(3, channels(96), 11, 4, padding=100)
        self.conv2 = nn.Conv2d(channels(96), channels(256), 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(channels(256), channels(384), 3, padding=1)
        self.conv4 = nn.Conv2d(channels(384), channels(384), 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(channels(384), channels(256), 3, padding=1, groups=2)
        self.fc6 = nn.Conv2d(channels(256), hidden, 6)
        self.fc7 = nn.Conv2d(hidden, hidden, 1)
        self.score_fr = nn.Conv2d(hidden, classes, 1)
        self.upscore = nn.ConvTranspose2d(classes, classes, 63, 32, bias=False, groups=classes)

    def forward(self, picture):
        def pool(x):
            return F.max_pool2d(x, 3, 2, ceil_mode=True)

        def normalize(x):
            return F.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)

        x = normalize(pool(F.relu(self.conv1(picture))))
        x = normalize(pool(F.relu(self.conv2(x))))
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        x = pool(F.relu(self.conv5(x)))
        x = self.upscore(self.score_fr(F.relu(self.fc7(F.relu(self.fc6(x))))))
        height, width = picture.shape[2:]
        return x[:, :, 18 : 18 + height, 18 : 18 + width]


def import_torchvision():
    """torchvision's networks need none of its operators, which another build of torch may lack."""
    library = torch.library.Library("torchvision", "DEF")
    while True:
        try:
            import torchvision
            return torchvision
        except RuntimeError as error:
            missing = re.search(r"operator torchvision::(\w+) does not exist", str(error))
            if not missing:
                raise
            library.define(missing.group(1) + "(Tensor a) -> Tensor")
            for name in [name for name in sys.modules if name.startswith("torchvision")]:
                del sys.modules[name]


class TorchvisionFCN(nn.Module):
    """torchvision's module; only the main scores are its output."""

    def __init__(self, name, classes, auxiliary):
        super().__init__()
        make = getattr(import_torchvision().models.segmentation, name)
        self.inner = make(weights=None, weights_backbone=None, num_classes=classes, aux_loss=auxiliary)

    def forward(self, x):
        return self.inner(x)["out"]

    def state_dict(self):
        return self.inner.state_dict()


def build(name, classes=21, width=1.0, auxiliary_head=False):
    if name.startswith("fcn-resnet"):
        module = TorchvisionFCN(name.replace("-", "_"), classes, auxiliary_head)
        module.preprocessing = TORCHVISION
    else:
        module = {
            "fcn32s": lambda: VGG16FCN(32, classes, width),
            "fcn16s": lambda: VGG16FCN(16, classes, width),
            "fcn8s": lambda: VGG16FCN(8, classes, width),
            "fcn8s-atonce": lambda: VGG16FCN(8, classes, width, at_once=True),
            "fcn-alexnet": lambda: AlexNetFCN(classes, width),
        }[name]()
        module.preprocessing = CAFFE
    module.architecture = name
    module.options = {"classes": classes, "input_channels": 3, "width": width, "batch_norm": False}
    if auxiliary_head:
        module.options["auxiliary_head"] = True
    return module


def tensors(module):
    return {k: v for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}


def uniform(name, count):
    """`count` numbers in [−1, 1) that follow from the name alone: SplitMix64 on its FNV-1a hash."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        x = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(state)
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        x = x ^ x >> np.uint64(31)
    return (x >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def fill(module):
    """Weights that keep activations of order 1 through all layers, by name and shape."""
    for name, tensor in tensors(module).items():
        values = uniform(name, tensor.numel())
        kind = name.rsplit(".", 1)[1]
        if tensor.dim() == 4:
            fan_in = tensor[0].numel() if "upscore" not in name else 4
            values = values * np.sqrt(6 / fan_in)
        elif kind == "running_var":
            values = 1 + 0.5 * values
        elif name.endswith("acti.weight"):  # slopes of a rectifier
            values = 0.25 + 0.1 * values
        elif kind == "weight":  # of a batch normalisation; residuals are kept small
            values = (0.3 if "bn3" in name else 1.0) * (1 + 0.2 * values)
        else:
            values = 0.1 * values
        tensor.copy_(torch.tensor(values.astype(np.float32)).reshape(tensor.shape))
    return module


def save(module, path):
    """Writes the model file that docs/model-format.md describes."""
    classes = module.options["classes"]
    shades = [(53 * i % 256, 101 * i % 256, 197 * i % 256) for i in range(classes)]
    arrays = {k: np.ascontiguousarray(v.numpy().astype(np.float32)) for k, v in tensors(module).items()}
    save_file(arrays, path, metadata={
        "format": "fcn", "fcn.version": "1", "fcn.architecture": module.architecture,
        "fcn.options": json.dumps(module.options),
        "fcn.classes": json.dumps([f"class {i}" for i in range(classes)]),
        "fcn.palette": json.dumps(["#%02x%02x%02x" % shade for shade in shades]),
        "fcn.preprocessing": json.dumps({"size": {"rule": "native"}, **module.preprocessing}),
        "fcn.note": "random weights, to compare engines with",
    })


@torch.no_grad()
def scores(module, picture):
    """Classes×height×width scores of an RGB picture, height×width×3 bytes; computed in float64.

    Zeros fill it up to what the network's strides divide, where `module.stride` says so."""
    pixels = torch.tensor(picture).double()
    if module.preprocessing["order"] == "bgr":
        pixels = pixels.flip(2)
    mean, scale = (torch.tensor(module.preprocessing[key]).double() for key in ("mean", "scale"))
    x = ((pixels - mean) * scale).permute(2, 0, 1)[None]
    height, width = x.shape[2:]
    stride = getattr(module, "stride", 1)
    x = F.pad(x, (0, -width % stride, 0, -height % stride))
    return module.double().eval()(x)[0, :, :height, :width].numpy()
