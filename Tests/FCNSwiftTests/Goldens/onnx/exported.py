"""Tiny networks as PyTorch's exporters write them."""

import torch
import torch.nn.functional as F
from torch import nn

from exporting import CASES, both, case  # noqa: F401


class Of(nn.Module):
    """Layers in order, or, where `join` is given, what that makes of the layers and the input."""

    def __init__(self, *layers, join=None):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.join = join

    def forward(self, x):
        if self.join:
            return self.join(self.layers, x)
        for layer in self.layers:
            x = layer(x)
        return x


def conv(inputs, outputs, kernel=3, **options):
    if "padding" not in options:
        options["padding"] = kernel // 2 * options.get("dilation", 1)
    return nn.Conv2d(inputs, outputs, kernel, **options)


def resize(x, like, corners=False):
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=corners)


SKIP = "bilinear upsampling to the size of another layer and to the input's, at sizes that the graph computes"


@both("skip", 11, 18, SKIP, second=True)
@case("skip", "dynamo", 21, SKIP + "; not optimised", raw=True, second=True)
def skip():
    def join(layers, x):
        high = F.relu(layers[0](x))
        low = F.relu(layers[1](high))
        joined = torch.cat([resize(low, high), high], 1)
        return resize(layers[2](joined), x)
    return Of(conv(3, 3, stride=2), conv(3, 3, stride=2), conv(6, 2, 1), join=join)


@case("skip-fixed", "dynamo", 18, "the same for one size", fixed=True)
@case("skip-fixed", "ts", 9, "the same, as far as opset 9 can say it: it has no half pixels",
      fixed=True, result="skip-fixed-ts9")
def skip_fixed():
    return skip()


@case("skip-corners", "ts", 12, "upsampling with corners aligned", second=True)
@case("skip-corners", "dynamo", 18, "upsampling with corners aligned", second=True)
def skip_corners():
    def join(layers, x):
        return resize(layers[0](x), x, corners=True)
    return Of(conv(3, 2, stride=2), join=join)


@both("halves", 16, 18, "U-Net's way: nearest upsampling by 2 beside a layer that must fit",
      multiple=2, second=True)
def halves():
    def join(layers, x):
        high = F.relu(layers[0](x))
        low = F.relu(layers[1](high))
        return layers[2](torch.cat([F.interpolate(low, scale_factor=2.0), high], 1))
    return Of(conv(3, 3), conv(3, 3, stride=2), conv(6, 2, 1), join=join)


@case("computed-scale", "ts", 11, "upsampling by half a size that the graph computes", second=True)
@case("computed-scale", "dynamo", 18, "upsampling by half a size that the graph computes", second=True)
def computed_scale():
    def join(layers, x):
        y = layers[0](x)
        height, width = y.shape[-2:]
        y = F.interpolate(y, size=((height + 1) // 2 * 3, width // 2 + 5), mode="bilinear")
        return resize(y, x)
    return Of(conv(3, 2, stride=2), join=join)


@case("pyramid", "dynamo", 18, "pooling of the whole picture, brought back to its size", second=True)
def pyramid():
    def join(layers, x):
        y = F.relu(layers[0](x))
        whole = F.relu(layers[1](F.adaptive_avg_pool2d(y, 1)))
        return resize(layers[2](torch.cat([y, resize(whole, y)], 1)), x)
    return Of(conv(3, 4, stride=2), conv(4, 2, 1), conv(6, 2, 1), join=join)


@both("pyramid-fixed", 17, 18, "pooling into 1, 2 and 3 windows a side, of a fixed size",
      fixed=True, size=(6, 12))
def pyramid_fixed():
    def join(layers, x):
        x = layers[0](x)
        pooled = [resize(F.adaptive_avg_pool2d(x, count), x) for count in (1, 2, 3)]
        return layers[1](torch.cat([x, *pooled], 1))
    return Of(conv(3, 3), conv(12, 2, 1), join=join)


@both("squeeze", 13, 18, "squeeze and excite: pooled, two 1×1 convolutions, a gate that multiplies")
def squeeze():
    def join(layers, x):
        x = layers[0](x)
        gate = layers[2](F.relu(layers[1](F.adaptive_avg_pool2d(x, 1))))
        return layers[3](x * F.hardsigmoid(gate))
    return Of(conv(3, 4), conv(4, 2, 1), conv(2, 4, 1), conv(4, 2, 1), join=join)


@both("squeeze-linear", 12, 18, "squeeze and excite with linear layers: MatMul or Gemm")
def squeeze_linear():
    def join(layers, x):
        x = layers[0](x)
        gate = layers[2](F.relu(layers[1](x.mean((2, 3)))))
        return layers[3](x * torch.sigmoid(gate)[:, :, None, None])
    return Of(conv(3, 4), nn.Linear(4, 2), nn.Linear(2, 4), conv(4, 2, 1), join=join)


@case("attention", "dynamo", 18, "the same")
@case("attention", "ts", 14, "a map of weights for pixels, of the channels' mean and maximum")
def attention():
    def join(layers, x):
        x = layers[0](x)
        maps = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return layers[2](x * torch.sigmoid(layers[1](maps)))
    return Of(conv(3, 4), conv(2, 1), conv(4, 2, 1), join=join)


@both("hard-swish", 11, 18, "hard swish, as a name or as Add, Clip, Div and Mul")
@case("hard-swish", "ts", 14, "hard swish, as a name")
def hard_swish():
    return Of(conv(3, 4), nn.Hardswish(), conv(4, 2, 1))


@case("hard-swish-written", "ts", 17, "hard swish written out: x · relu6(x + 3) / 6")
def hard_swish_written():
    def join(layers, x):
        x = layers[0](x)
        return layers[1](x * F.relu6(x + 3) / 6)
    return Of(conv(3, 4), conv(4, 2, 1), join=join)


@case("silu", "ts", 15, "x · sigmoid(x)")
def silu():
    return Of(conv(3, 4), nn.SiLU(), conv(4, 2, 1))


@both("activations", 11, 18, "LeakyReLU, PReLU, ELU, tanh, Mish, ReLU6, softplus, GELU")
def activations():
    layers = [
        nn.LeakyReLU(0.1), nn.PReLU(2, 0.3), nn.ELU(0.7), nn.Tanh(), nn.Mish(), nn.ReLU6(), nn.Softplus(),
        nn.GELU()]

    def join(layers, x):
        y = layers[0](x)
        return layers[-1](torch.cat([layer(y) for layer in layers[1:-1]], 1))
    return Of(conv(3, 2), *layers, conv(16, 2, 1), join=join)


@both("batch-norm", 12, 18, "batch normalisation that was not folded", raw=True)
def batch_norm():
    return Of(conv(3, 4, bias=False), nn.BatchNorm2d(4, 1e-3), nn.ReLU(), conv(4, 2, 1),
              nn.BatchNorm2d(2))


@both("group-norm", 16, 18, "normalisation of groups, as InstanceNormalization or as its own")
@case("group-norm", "dynamo", 21, "normalisation of groups")
def group_norm():
    return Of(conv(3, 4), nn.GroupNorm(2, 4), nn.ReLU(), conv(4, 2, 1))


@case("instance-norm", "ts", 13, "normalisation of each channel")
def instance_norm():
    return Of(conv(3, 4), nn.InstanceNorm2d(4, affine=True), nn.ReLU(), conv(4, 2, 1))


@case("layer-norm", "ts", 17, "normalisation of channels at each pixel, between two transpositions")
def layer_norm():
    def join(layers, x):
        x = layers[0](x).permute(0, 2, 3, 1)
        return layers[2](layers[1](x).permute(0, 3, 1, 2))
    return Of(conv(3, 4), nn.LayerNorm(4), conv(4, 2, 1), join=join)


@case("depthwise", "ts", 13, "depthwise convolutions, one dilated, one of stride 2, one of groups",
      multiple=2)
def depthwise():
    return Of(
        conv(3, 4, 1), conv(4, 4, groups=4, dilation=2), nn.ReLU6(),
        conv(4, 4, 5, stride=2, groups=4), conv(4, 4, groups=2), conv(4, 2, 1),
        nn.Upsample(scale_factor=2))


@case("asymmetric-kernels", "ts", 13, "kernels of 3×1 and 1×3, strides of 2×1", multiple=2)
def asymmetric_kernels():
    return Of(
        nn.Conv2d(3, 3, (3, 1), (2, 1), (1, 0)), nn.ReLU(), nn.Conv2d(3, 2, (1, 3), 1, (0, 2), (1, 2)),
        nn.Upsample(scale_factor=(2, 1)))


@both("pad", 11, 18, "padding of its own before a convolution: zeros, reflection, edges")
def pad():
    def join(layers, x):
        x = layers[0](F.pad(x, (1, 0, 2, 1)))
        x = layers[1](F.pad(x, (0, 1, 1, 0), mode="reflect"))
        return layers[2](F.pad(x, (1, 1, 0, 1), mode="replicate"))
    return Of(conv(3, 3, padding=0), conv(3, 2, 2, padding=0), conv(2, 2, (2, 3), padding=0), join=join)


@both("pad-same", 13, 18, "TensorFlow's padding, computed from the size", second=True)
def pad_same():
    def join(layers, x):
        height, width = x.shape[-2:]
        rows = max((-(-height // 2) - 1) * 2 + 3 - height, 0)
        columns = max((-(-width // 2) - 1) * 2 + 3 - width, 0)
        x = F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return layers[0](x)
    return Of(conv(3, 2, stride=2, padding=0), join=join)


@both("split", 12, 18, "channels divided, shuffled and put together again", second=True)
def split():
    def join(layers, x):
        first, second = layers[0](x).chunk(2, 1)
        x = torch.cat([second, F.relu(first[:, 1:]), first[:, :1]], 1)
        batch, channels, height, width = x.shape
        x = x.reshape(batch, 2, channels // 2, height, width).transpose(1, 2)
        return layers[1](x.reshape(batch, channels, height, width))
    return Of(conv(3, 4), conv(4, 2, 1), join=join)


@case("crop", "ts", 13, "cropping to the size of another layer", second=True)
def crop():
    def join(layers, x):
        large = layers[1](layers[0](x))
        return large[:, :, 1 : 1 + x.shape[2], 1 : 1 + x.shape[3]]
    return Of(conv(3, 2, stride=2), nn.ConvTranspose2d(2, 2, 4, 2), join=join)


@both("deconvolution", 11, 18, "transposed convolutions: output_padding, groups, dilation", multiple=2)
def deconvolution():
    return Of(
        conv(3, 4, stride=2), nn.ConvTranspose2d(4, 4, 3, 2, 1, output_padding=1, groups=2),
        nn.ReLU(), nn.ConvTranspose2d(4, 2, 3, 1, 2, dilation=2))



@case("shuffle", "dynamo", 18, "channels to pixels and back", multiple=2, second=True)
def shuffle():
    return Of(conv(3, 4, stride=2), nn.PixelShuffle(2), conv(1, 2), nn.PixelUnshuffle(2), conv(8, 8, 1),
              nn.PixelShuffle(2))


@case("pools", "ts", 12, "max and average pooling, with and without what lies outside, rounded up")
def pools():
    def join(layers, given):
        x = F.max_pool2d(layers[0](given), 3, 1, 1, dilation=2)
        x = layers[1](torch.cat([
            F.max_pool2d(x, 3, 2, 1), F.max_pool2d(x, 2, 2, ceil_mode=True),
            F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), F.avg_pool2d(x, 3, 2, 1)], 1))
        return resize(x, given)
    return Of(conv(3, 2), conv(8, 2, 1), join=join)


@case("standardised", "ts", 13, "weights computed from constants")
def standardised():
    def join(layers, x):
        weight = layers[0].weight
        weight = (weight - weight.mean((1, 2, 3), keepdim=True)) * 3
        return layers[1](F.relu(F.conv2d(x, weight, layers[0].bias, padding=1)))
    return Of(conv(3, 4), conv(4, 2, 1), join=join)


@case("argmax", "ts", 13, "labels as the output")
def argmax():
    return Of(conv(3, 3), join=lambda layers, x: layers[0](x).argmax(1))


@both("softmax", 11, 18, "probabilities as the output")
@case("softmax", "ts", 13, "probabilities as the output")
def softmax():
    return Of(conv(3, 3), nn.Softmax(1))


@case("log-softmax", "ts", 13, "logarithms of probabilities as the output")
def log_softmax():
    return Of(conv(3, 3), nn.LogSoftmax(1))


@case("sigmoid", "ts", 13, "one probability as the output")
def sigmoid():
    return Of(conv(3, 1), nn.Sigmoid())


@case("one-score", "dynamo", 18, "one score as the output")
def one_score():
    return Of(conv(3, 1))


@case("two-outputs", "dynamo", 18, "scores, and those of an auxiliary head")
def two_outputs():
    def join(layers, x):
        y = F.relu(layers[0](x))
        return resize(layers[1](y), x), resize(layers[2](y), x)
    return Of(conv(3, 4, stride=2), conv(4, 2, 1), conv(4, 2, 1), join=join)


@both("half", 13, 18, "all values float16", half=True)
def half():
    return Of(conv(3, 4), nn.ReLU(), conv(4, 2, 1))


@case("external", "dynamo", 18, "weights in a file beside the graph", external=True)
def external():
    return Of(conv(3, 4), nn.ReLU(), conv(4, 2, 1))


@case("one-channel", "dynamo", 18, "a picture of one channel", channels=1)
def grey():
    return Of(conv(1, 3), nn.ReLU(), conv(3, 2, 1))


@case("normalised", "dynamo", 18, "the graph begins with its own mean and deviation")
def normalised():
    mean, deviation = (
        torch.tensor(values)[:, None, None] for values in ([0.1, 0.2, 0.3], [0.5, 0.6, 0.7]))
    return Of(conv(3, 2), join=lambda layers, x: layers[0]((x - mean) / deviation))


@case("pixel-attention", "dynamo", 18, "every pixel looks at every other: products of two layers",
      second=True)
def pixel_attention():
    def join(layers, given):
        x = layers[0](given)
        batch, channels, height, width = x.shape
        pixels = x.reshape(batch, channels, height * width)
        weights = torch.softmax(pixels.transpose(1, 2) @ pixels, -1)
        return resize(x + (pixels @ weights).reshape(x.shape), given)
    return Of(conv(3, 2, stride=2), join=join)


@case("low-scores", "ts", 13, "scores of half the rows and columns")
def low_scores():
    return Of(conv(3, 2, stride=2))


@both("tokens", 17, 18, "pixels as a sequence: layer normalisation, linear layers with GELU, and back",
      second=True)
def tokens():
    def join(layers, x):
        x = layers[0](x)
        batch, channels, height, width = x.shape
        y = x.flatten(2).transpose(1, 2)
        y = y + layers[3](F.gelu(layers[2](layers[1](y))))
        return layers[4](y.transpose(1, 2).reshape(batch, channels, height, width))
    return Of(conv(3, 4), nn.LayerNorm(4), nn.Linear(4, 8), nn.Linear(8, 4), conv(4, 2, 1), join=join)


@both("similarity", 13, 18, "a gate of the sum of a product over the channels, and sums over pixels")
def similarity():
    def join(layers, x):
        x, y = layers[0](x), layers[1](x)
        gate = torch.sigmoid(torch.sum(x * y, dim=1).unsqueeze(1))
        return layers[2](gate * x + (1 - gate) * y) + x.sum((2, 3), keepdim=True)[:, :2] / 100
    return Of(conv(3, 4), conv(3, 4), conv(4, 2, 1), join=join)


@both("normalised-channels", 13, 18, "layer normalisation of channels that come first, written out")
def normalised_channels():
    def join(layers, x):
        x = layers[0](x)
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + 1e-3)
        return layers[1](F.normalize(x, dim=1))
    return Of(conv(3, 4), conv(4, 2, 1), join=join)


@both("strips", 14, 18, "pooling of each row and each column", second=True)
def strips():
    def join(layers, x):
        x = layers[0](x)
        rows, columns = layers[1](x.mean(3, keepdim=True)), layers[2](x.mean(2, keepdim=True))
        return layers[3](x * torch.sigmoid(rows) * torch.sigmoid(columns))
    return Of(conv(3, 4), conv(4, 4, 1), conv(4, 4, 1), conv(4, 2, 1), join=join)


@both("zeros", 13, 18, "ENet's way: zeros for channels that are missing", second=True)
def zeros():
    def join(layers, x):
        y = layers[0](x)
        missing = torch.zeros(y.shape[0], 5, y.shape[2], y.shape[3])
        return layers[1](F.relu(torch.cat([y, missing], 1) + layers[2](x)))
    return Of(conv(3, 2), conv(7, 2, 1), conv(3, 7), join=join)


@case("pixel-unshuffle", "ts", 13, "pixels as channels, and back, as reshapes", multiple=2)
def pixel_unshuffle():
    return Of(nn.PixelUnshuffle(2), conv(12, 8, 1), nn.PixelShuffle(2))


@both("own-normalisation", 13, 18, "a network that takes bytes of red, green, blue and makes of them what it "
      "wants: blue first, without means")
def own_normalisation():
    def join(layers, x):
        means = torch.tensor([104.0, 117.0, 123.0]).view(1, 3, 1, 1)
        return layers[0]((x[:, [2, 1, 0]] - means) / torch.tensor([57.0, 58.0, 59.0]).view(1, 3, 1, 1))
    return Of(conv(3, 2), join=join)


@both("largest", 13, 18, "the largest probability, and which one it is", because="largest score")
def largest():
    def join(layers, x):
        return torch.softmax(layers[0](x), 1).max(1)
    return Of(conv(3, 3), join=join)


@both("split-attention", 13, 18, "groups of channels that are summed, and channels of every second place")
def split_attention():
    def join(layers, x):
        x = layers[0](x)
        whole = x.view(x.shape[0], 2, 3, *x.shape[2:]).sum(1)
        return layers[1](torch.cat([whole, torch.stack([x, -x], 1).mean(1), x[:, ::2]], 1))
    return Of(conv(3, 6), conv(12, 2, 1), join=join)


@case("squeezed", "ts", 13, "scores without the axis of pictures: a branch that shapes decide")
def squeezed():
    def join(layers, x):
        return layers[0](x).squeeze(0)
    return Of(conv(3, 2), join=join)


@case("above", "ts", 13, "one score, above a half after its sigmoid, as bytes")
def above():
    def join(layers, x):
        return (torch.sigmoid(layers[0](x)) > 0.5).to(torch.uint8)
    return Of(conv(3, 1), join=join)


@case("same-clamped", "ts", 13, "padding as TensorFlow's, never less than none",
      second=True)
def same_clamped():
    def join(layers, x):
        def missing(size, kernel, stride):
            return torch.clamp((torch.ceil(size / stride) - 1) * stride + kernel - size, min=0)
        more = missing(torch.tensor(x.shape[-1]), 3, 2).to(torch.int64)
        x = F.pad(x, [more // 2, more - more // 2, 1, 0])
        return layers[0](x)
    return Of(conv(3, 2, stride=2, padding=0), join=join)


@both("position-attention", 11, 18, "MA-Net's attention: a softmax over all pairs of pixels, and pixels "
      "that are taken for channels", second=True)
def position_attention():
    def join(layers, given):
        x = layers[0](given)
        batch, channels, height, width = x.shape
        top = layers[1](x).flatten(2)
        center = layers[2](x).flatten(2).transpose(1, 2)
        bottom = layers[3](x).flatten(2).transpose(1, 2)
        weights = torch.softmax((center @ top).view(batch, -1), 1)
        weights = weights.view(batch, height * width, height * width)
        x = x + (weights @ bottom).reshape(batch, channels, height, width)
        return resize(layers[4](x), given)
    return Of(conv(3, 4, stride=2), conv(4, 3, 1), conv(4, 3, 1), conv(4, 4, 1), conv(4, 2, 1), join=join)


@both("non-local", 14, 18, "attention between all pixels, the values first, scaled", second=True)
def non_local():
    def join(layers, given):
        x = layers[0](given)
        query, key, value = (layer(x).flatten(2) for layer in layers[1:4])
        weights = torch.softmax(query.transpose(1, 2) @ key / 1.7, -1)
        x = x + (value @ weights.transpose(1, 2)).reshape(x.shape)
        return resize(layers[4](x), given)
    return Of(conv(3, 4, stride=2), conv(4, 3, 1), conv(4, 3, 1), conv(4, 4, 1), conv(4, 2, 1), join=join)


@case("heads", "dynamo", 18, "attention in two heads, to fewer pixels, as SegFormer has it", second=True)
def heads():
    def join(layers, x):
        x = layers[0](x)
        batch, channels, height, width = x.shape
        fewer = layers[1](x).flatten(2).transpose(1, 2)
        query = layers[2](x.flatten(2).transpose(1, 2))
        key, value = layers[3](fewer).chunk(2, -1)
        query, key, value = (
            y.reshape(batch, y.shape[1], 2, 3).transpose(1, 2) for y in (query, key, value))
        made = F.scaled_dot_product_attention(query, key, value)
        made = layers[4](made.transpose(1, 2).reshape(batch, height * width, channels))
        return layers[5](x + made.transpose(1, 2).reshape(batch, channels, height, width))
    return Of(conv(3, 6), nn.Conv2d(6, 6, 2, 2), nn.Linear(6, 6), nn.Linear(6, 12), nn.Linear(6, 6),
              conv(6, 2, 1), join=join)


@both("context", 13, 18, "a mean of all pixels, weighted by a softmax over them (GCNet)", second=True)
@case("context", "ts", 11, "a mean of all pixels, weighted by a softmax over them (GCNet)", second=True)
def context():
    def join(layers, x):
        x = layers[0](x)
        batch, channels, height, width = x.shape
        weights = torch.softmax(layers[1](x).view(batch, 1, height * width), 2).unsqueeze(-1)
        mean = torch.matmul(x.view(batch, channels, height * width).unsqueeze(1), weights)
        return layers[3](x + layers[2](mean.view(batch, channels, 1, 1)))
    return Of(conv(3, 4), conv(4, 1, 1), conv(4, 4, 1), conv(4, 2, 1), join=join)


@case("adaptive-fixed", "dynamo", 18, "adaptive pools: of one window, and of windows that share lines, of "
      "the same size and of several", fixed=True, size=(5, 8))
def adaptive():
    def join(layers, given):
        x = layers[0](given)
        parts = [F.adaptive_avg_pool2d(x, bins) for bins in (1, 2, 3)]
        return layers[1](torch.cat([x] + [resize(part, x) for part in parts], 1))
    return Of(conv(3, 3), conv(12, 2, 1), join=join)


@case("adaptive", "dynamo", 18, "a pool of 3 windows, written for one size in a file of open sizes",
      because="one size")
def adaptive_open():
    def join(layers, given):
        x = layers[0](given)
        return layers[1](torch.cat([x, resize(F.adaptive_avg_pool2d(x, 3), x)], 1))
    return Of(conv(3, 4), conv(8, 2, 1), join=join)


@both("radix", 13, 18, "ResNeSt's split attention: a softmax over groups of channels", second=True)
def radix():
    def join(layers, x):
        x = layers[0](x)
        batch, _, height, width = x.shape
        parts = x.view(batch, 3, 2, height, width)
        weights = layers[1](parts.sum(1).mean((2, 3), keepdim=True))
        weights = torch.softmax(weights.view(batch, 1, 3, 2).transpose(1, 2), 1).reshape(batch, -1)
        weights = weights.view(batch, -1, 1, 1)
        return layers[2]((parts * weights.reshape(batch, 3, 2, 1, 1)).sum(1))
    return Of(conv(3, 6), conv(2, 6, 1), conv(2, 2, 1), join=join)


@both("extremes", 13, 18, "the larger of two layers, also of one and its mean, the smaller of it and a "
      "number a channel", second=True)
def extremes():
    def join(layers, x):
        x, y = layers[0](x), layers[1](x)
        x = torch.maximum(torch.maximum(x, y), x.mean((2, 3), keepdim=True))
        bounds = torch.tensor([0.1, 0.6, 0.3, 0.9]).view(1, 4, 1, 1)
        return layers[2](torch.minimum(x, bounds) + torch.max(y, torch.sigmoid(y[:, :1])))
    return Of(conv(3, 4), conv(3, 4), conv(4, 2, 1), join=join)


@both("dilated-pools", 12, 18, "max pooling with holes", second=True)
def dilated_pools():
    def join(layers, given):
        x = F.max_pool2d(layers[0](given), 3, 1, 1, dilation=2)
        return resize(layers[1](F.max_pool2d(x, (2, 3), (1, 2), 1, dilation=(3, 1))), given)
    return Of(conv(3, 2), conv(2, 2, 1), join=join)


@both("coordinate-attention", 14, 18, "means of rows below those of columns, one convolution of both, and "
      "apart again", second=True)
def coordinate_attention():
    def join(layers, x):
        x = layers[0](x)
        height, width = x.shape[2:]
        both = torch.cat([x.mean(3, keepdim=True), x.mean(2, keepdim=True).permute(0, 1, 3, 2)], 2)
        rows, columns = torch.split(F.hardswish(layers[1](both)), [height, width], dim=2)
        rows, columns = layers[2](rows), layers[3](columns.permute(0, 1, 3, 2))
        return layers[4](x * torch.sigmoid(rows) * torch.sigmoid(columns))
    return Of(conv(3, 4), conv(4, 2, 1), conv(2, 4, 1), conv(2, 4, 1), conv(4, 2, 1), join=join)


@case("halved-lines", "ts", 13, "halves of the rows and of the columns that change places", second=True)
def halved_lines():
    def join(layers, x):
        upper, lower = layers[0](x).chunk(2, 2)
        left, right = torch.cat([lower, F.relu(upper)], 2).chunk(2, 3)
        return layers[1](torch.cat([right, left], 3).transpose(2, 3)).transpose(2, 3)
    return Of(conv(3, 2), nn.Conv2d(2, 2, (3, 1), padding=(1, 0)), join=join)


def with_coordinates(make, count):
    """What `make` makes of a layer's output for its size, put beside it."""
    def join(layers, x):
        x = layers[0](x)
        return layers[1](torch.cat([x, *make(x)], 1))
    return Of(conv(3, 4), conv(4 + count, 2), join=join)


def spread_coordinates(x):
    """Each of two lines repeated for the other."""
    batch, _, height, width = x.shape
    columns = torch.arange(width, dtype=x.dtype).view(1, 1, 1, width).expand(batch, 1, height, width)
    rows = torch.arange(height, dtype=x.dtype).view(1, 1, height, 1).expand(batch, 1, height, width)
    return columns / (width - 1) * 2 - 1, rows / (height - 1) * 2 - 1


@both("coordinates", 14, 18, "CoordConv: ranges of the size, expanded", second=True)
@case("coordinates-fixed", "dynamo", 18, "CoordConv, constants of one size", fixed=True)
@case("coordinates-fixed", "ts", 14, "CoordConv, ranges of one size", fixed=True)
def coordinates():
    return with_coordinates(spread_coordinates, 2)


@case("coordinates-lines", "ts", 14, "CoordConv by linspace and meshgrid, as SOLO has it", second=True)
def coordinates_lines():
    def make(x):
        rows, columns = torch.meshgrid(
            torch.linspace(-1, 1, x.shape[-2]), torch.linspace(-1, 1, x.shape[-1]), indexing="ij")
        return [torch.cat([line.expand([x.shape[0], 1, -1, -1]) for line in (columns, rows)], 1)]
    return with_coordinates(make, 2)


@both("coordinates-radius", 14, 18, "CoordConv by repetition and transposition, with the distance from the "
      "centre", second=True)
def coordinates_radius():
    def make(x):
        batch, _, height, width = x.shape
        rows = torch.arange(height).repeat(1, width, 1).float() / (height - 1) * 2 - 1
        columns = torch.arange(width).repeat(1, height, 1).transpose(1, 2).float() / (width - 1) * 2 - 1
        rows, columns = (line.repeat(batch, 1, 1, 1).transpose(2, 3) for line in (rows, columns))
        return rows, columns, torch.sqrt((rows - 0.5) ** 2 + (columns - 0.25) ** 2)
    return with_coordinates(make, 3)


@both("coordinates-products", 14, 18, "CoordConv by products of ranges and ones", second=True)
def coordinates_products():
    def make(x):
        batch, _, height, width = x.shape
        rows = torch.arange(height, dtype=torch.int32)[None, None, :, None]
        columns = torch.arange(width, dtype=torch.int32)[None, None, :, None]
        rows = torch.matmul(rows, torch.ones([1, 1, 1, width], dtype=torch.int32))
        columns = torch.matmul(columns, torch.ones([1, 1, 1, height], dtype=torch.int32)).permute(0, 1, 3, 2)
        return [line.float().repeat(batch, 1, 1, 1) / 8 for line in (rows, columns)]
    return with_coordinates(make, 2)


@both("places-fixed", 13, 18, "numbers of its own for each place: added, beside, as factors", fixed=True)
def places_fixed():
    class Placed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = conv(3, 4), conv(6, 2)
            self.places = nn.Parameter(torch.randn(1, 4, 9, 13))
            self.register_buffer("planes", torch.randn(1, 2, 9, 13))
            self.rows = nn.Parameter(torch.rand(1, 1, 9, 1))

        def forward(self, x):
            x = (self.first(x) + self.places) * self.rows
            return self.second(torch.cat([x, self.planes], 1) + self.rows) - self.planes
    return Placed()


@both("response-norm", 13, 18, "local response normalisation, written out", second=True)
def response_norm():
    return Of(conv(3, 6), nn.LocalResponseNorm(3, 0.5, 0.6, 1.5), conv(6, 2, 1))


@case("response-norm-even", "ts", 13, "local response normalisation over an even number of channels")
@case("response-norm-even", "dynamo", 18, "local response normalisation over an even number of channels")
def response_norm_even():
    return Of(conv(3, 6), nn.LocalResponseNorm(4, 0.5, 0.75, 2), conv(6, 2, 1))


@both("no-channels", 13, 18, "a value without channels, of which the size alone is asked for, as decoders of "
      "segmentation_models_pytorch have it where an encoder has no such", second=True)
def no_channels():
    def join(layers, x):
        batch, _, height, width = x.shape
        empty = torch.empty([batch, 0, (height + 1) // 2, (width + 1) // 2])
        low = layers[1](F.relu(layers[0](x)))
        low = F.interpolate(low, size=(empty.shape[2], empty.shape[3]), mode="nearest")
        return resize(layers[2](torch.cat([low, empty], 1)), x)
    return Of(conv(3, 3, stride=2), conv(3, 3, stride=2), conv(3, 2), join=join)


@both("shared-keys", 14, 18, "attention whose heads have one key and one value in common", second=True)
def shared_keys():
    def join(layers, x):
        x = layers[0](x)
        batch, channels, height, width = x.shape
        query = layers[1](x).reshape(batch, 2, 3, -1).transpose(-1, -2)
        key, value = (layer(x).reshape(batch, 1, 3, -1).transpose(-1, -2) for layer in layers[2:4])
        made = F.scaled_dot_product_attention(query, key, value)
        return layers[4](made.transpose(-1, -2).reshape(batch, 6, height, width) + x)
    return Of(conv(3, 6, stride=2), conv(6, 6, 1), conv(6, 3, 1), conv(6, 3, 1), conv(6, 2, 1), join=join)


@both("channel-attention", 13, 18, "DANet's attention between channels: of each the largest product less "
      "each, a softmax, the channels mixed so", second=True)
def channel_attention():
    def join(layers, x):
        x = layers[0](x)
        pixels = x.flatten(2)
        energy = pixels @ pixels.transpose(1, 2) / 16
        energy = torch.max(energy, -1, keepdim=True)[0].expand_as(energy) - energy
        mixed = (torch.softmax(energy, -1) @ pixels).view(x.shape)
        return layers[1](0.5 * mixed + x)
    return Of(conv(3, 4), conv(4, 2, 1), join=join)


@both("cross-covariance", 14, 18, "XCiT's attention between channels: in heads, of lines of length 1, with "
      "a temperature a head", second=True)
def cross_covariance():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.all, self.last = conv(3, 6), nn.Linear(6, 18), conv(6, 2, 1)
            self.temperature = nn.Parameter(torch.tensor([1.5, 0.7]).view(2, 1, 1))

        def forward(self, x):
            x = self.first(x)
            batch, channels, height, width = x.shape
            parts = self.all(x.flatten(2).transpose(1, 2)).reshape(batch, height * width, 3, 2, 3)
            query, key, value = parts.permute(2, 0, 3, 4, 1)
            query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
            weights = (query @ key.transpose(-2, -1) * self.temperature).softmax(-1)
            mixed = (weights @ value).permute(0, 3, 1, 2).reshape(batch, height * width, channels)
            return self.last(x + mixed.transpose(1, 2).reshape(x.shape))
    return Attention()


@both("linear-attention", 14, 18, "attention without softmax: keys times values first, in heads "
      "(EfficientViT)", second=True)
def linear_attention():
    def join(layers, x):
        x = layers[0](x)
        batch, channels, height, width = x.shape
        query, key, value = (
            layer(x).reshape(batch, 2, 3, height * width).transpose(-1, -2) for layer in layers[1:4])
        query, key = F.relu(query), F.relu(key)
        made = query @ (key.transpose(-1, -2) @ value) / 64
        return layers[4](x + made.transpose(-1, -2).reshape(batch, channels, height, width))
    return Of(conv(3, 6), conv(6, 6, 1), conv(6, 6, 1), conv(6, 6, 1), conv(6, 2, 1), join=join)


@both("object-attention", 13, 18, "OCR's attention to objects: the sum of pixels by each class's map, a "
      "convolution of these, pixels that attend to them", second=True)
def object_attention():
    def join(layers, x):
        x = layers[0](x)
        batch, channels, height, width = x.shape
        maps = torch.softmax(layers[1](x).flatten(2), 2)
        objects = (maps @ x.flatten(2).transpose(1, 2)).transpose(1, 2).unsqueeze(3)
        query = layers[2](x).flatten(2).transpose(1, 2)
        key, value = (F.relu(layer(objects)).flatten(2) for layer in layers[3:5])
        weights = torch.softmax(query @ key * 3**-0.5, -1)
        made = (weights @ value.transpose(1, 2)).transpose(1, 2).reshape(batch, 3, height, width)
        return layers[5](torch.cat([made, x], 1))
    return Of(conv(3, 4), conv(4, 5, 1), conv(4, 3, 1), conv(4, 3, 1), conv(4, 3, 1), conv(7, 2, 1),
              join=join)


@both("counted-root", 14, 18, "attention scaled by the root of the channels, as the graph counts them")
def counted_root():
    def join(layers, x):
        x = layers[0](x)
        batch, channels, height, width = x.shape
        query, key, value = (layer(x).flatten(2) for layer in layers[1:4])
        query = query.transpose(1, 2)
        weights = torch.softmax(query @ key / query.shape[-1]**0.5, -1)
        return layers[4](x + (value @ weights.transpose(1, 2)).view(batch, channels, height, width))
    return Of(conv(3, 4), conv(4, 4, 1), conv(4, 4, 1), conv(4, 4, 1), conv(4, 2, 1), join=join)


@both("non-local-products", 14, 18, "a non-local block without softmax, of products divided by how many "
      "pixels there are", second=True)
def non_local_products():
    def join(layers, x):
        x = layers[0](x)
        batch, channels, height, width = x.shape
        query, key, value = (layer(x).flatten(2).transpose(1, 2) for layer in layers[1:4])
        weights = query @ key.transpose(1, 2)
        weights = weights / weights.shape[-1]
        return layers[4](x + (weights @ value).transpose(1, 2).reshape(batch, channels, height, width))
    return Of(conv(3, 4), conv(4, 4, 1), conv(4, 4, 1), conv(4, 4, 1), conv(4, 2, 1), join=join)
