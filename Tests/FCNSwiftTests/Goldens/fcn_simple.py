"""fcn-simple in PyTorch, written down from its description, and what its goldens share.

VGG16's thirteen convolutions with ReLU, in five groups that each end in a 2×2 max pool; 1×1 scores of
pool3, pool4 and pool5; the latter two brought to pool3's size by transposed convolutions, summed, and
brought to the input's size by another. Needs torch, numpy, safetensors and pillow.
"""

import json
import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.numpy import save_file
from torch import nn

GROUPS = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
STRIDE = 32
MEAN = [123.675, 116.28, 103.53]
SCALE = [1 / 58.395, 1 / 57.12, 1 / 57.375]


class FCNSimple(nn.Module):
    """Layers are named as in the model file: its state dict has the file's tensors."""

    def __init__(self, classes, width=1.0, batch_norm=False):
        super().__init__()
        self.options = {"classes": classes, "input_channels": 3, "width": width, "batch_norm": batch_norm}
        inputs, pooled = 3, []
        for group, (channels, count) in enumerate(GROUPS, 1):
            channels = max(1, math.floor(channels * width + 0.5))
            for index in range(1, count + 1):
                self.add_module(
                    f"conv{group}_{index}", nn.Conv2d(inputs, channels, 3, padding=1, bias=not batch_norm))
                if batch_norm:
                    self.add_module(f"bn{group}_{index}", nn.BatchNorm2d(channels))
                inputs = channels
            pooled.append(channels)
        for number in (3, 4, 5):
            self.add_module(f"score_pool{number}", nn.Conv2d(pooled[number - 1], classes, 1))
        self.upsampled_pool4 = nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.upsampled_pool5 = nn.ConvTranspose2d(classes, classes, 8, stride=4, padding=2)
        self.upsampled_final = nn.ConvTranspose2d(classes, classes, 16, stride=8, padding=4)

    def forward(self, x, kinks=None):
        """`kinks`, a list, collects what is before every ReLU and pool."""
        pools = []
        for group, (_, count) in enumerate(GROUPS, 1):
            for index in range(1, count + 1):
                x = getattr(self, f"conv{group}_{index}")(x)
                if self.options["batch_norm"]:
                    x = getattr(self, f"bn{group}_{index}")(x)
                if kinks is not None:
                    kinks.append(("relu", x))
                x = F.relu(x)
            if kinks is not None:
                kinks.append(("pool", x))
            x = F.max_pool2d(x, 2, 2)
            pools.append(x)
        fused = (
            self.score_pool3(pools[2])
            + self.upsampled_pool4(self.score_pool4(pools[3]))
            + self.upsampled_pool5(self.score_pool5(pools[4])))
        return self.upsampled_final(fused)

    @torch.no_grad()
    def randomize(self, seed):
        """Weights that keep values of order 1 through the network (He et al., 2015)."""
        random = np.random.RandomState(seed)

        def fill(tensor, values):
            # Through float32, which is what files hold.
            tensor.copy_(torch.tensor(values.astype(np.float32)))

        for layer in self.children():
            if isinstance(layer, nn.BatchNorm2d):
                count = layer.num_features
                fill(layer.weight, random.uniform(0.7, 1.3, count))
                fill(layer.bias, random.uniform(-0.2, 0.2, count))
                fill(layer.running_mean, random.uniform(-0.3, 0.3, count))
                fill(layer.running_var, random.uniform(0.8, 1.6, count))
                continue
            kernel, stride = layer.kernel_size[0], layer.stride[0]
            taps = kernel / stride if isinstance(layer, nn.ConvTranspose2d) else kernel
            terms = layer.in_channels * taps ** 2
            gain = 2 if kernel == 3 else 1
            fill(layer.weight, random.standard_normal(layer.weight.shape) * math.sqrt(gain / terms))
            if layer.bias is not None:
                fill(layer.bias, random.uniform(-0.1, 0.1, layer.bias.shape))
        return self

    def parameters_by_name(self):
        """The model file's tensors."""
        return {
            name: np.ascontiguousarray(value.detach().numpy().astype(np.float32))
            for name, value in self.state_dict().items() if not name.endswith("num_batches_tracked")}

    def save(self, path):
        """Writes the model file that docs/model-format.md describes."""
        classes = self.options["classes"]
        shades = [(53 * i % 256, 101 * i % 256, 197 * i % 256) for i in range(classes)]
        save_file(self.parameters_by_name(), path, metadata={
            "format": "fcn",
            "fcn.version": "1",
            "fcn.architecture": "fcn-simple",
            "fcn.options": json.dumps(self.options),
            "fcn.classes": json.dumps([f"class {i}" for i in range(classes)]),
            "fcn.palette": json.dumps(["#%02x%02x%02x" % shade for shade in shades]),
            "fcn.preprocessing": json.dumps(
                {"size": {"rule": "native"}, "order": "rgb", "mean": MEAN, "scale": SCALE}),
            "fcn.note": "random weights, to compare engines with",
        })

    @torch.no_grad()
    def scores(self, picture):
        """Classes×height×width scores of an RGB picture, height×width×3 bytes; computed in float64."""
        height, width, _ = picture.shape
        x = (torch.tensor(picture).double() - torch.tensor(MEAN).double()) * torch.tensor(SCALE).double()
        x = F.pad(x.permute(2, 0, 1)[None], (0, -width % STRIDE, 0, -height % STRIDE))
        return self.double().eval()(x)[0, :, :height, :width].numpy()


def picture(height, width, seed):
    """A picture of waves of all lengths, with edges: height×width×3 bytes."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:height, :width]
    values = np.zeros((height, width, 3))
    for length in (200, 80, 30, 12, 5):
        for channel in range(3):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / length + phase)
            values[:, :, channel] += np.sign(wave) if length == 30 else wave
    return np.clip(np.round(127.5 + 38 * values), 0, 255).astype(np.uint8)


def save_picture(path, pixels):
    Image.fromarray(pixels).save(path, optimize=True)
