#!/usr/bin/env python3
"""Makes layers.safetensors and layers.json: what PyTorch computes for every operation.

    pip install torch numpy safetensors && python3 make_layers.py

layers.json lists the cases with their settings; a case's tensors are named after it: CASE/input
(further inputs input1, input2…), CASE/weight and the like, CASE/output, and CASE/gradient/X, the
gradient of the scalar Σ CASE/gradient/output · CASE/output by X. Values are computed in float64 from
float32 inputs and stored as float32, so differences are the tested engine's own.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent
IGNORE = 255

random = np.random.RandomState(1)
tensors = {}
manifest = {"layers": [], "losses": [], "optimizers": []}


def normal(*shape, deviation=1.0):
    return (deviation * random.standard_normal(shape)).astype(np.float32)


def distinct(*shape):
    """Values no two of which are closer than 1/16, in random order around zero."""
    count = int(np.prod(shape))
    return ((random.permutation(count) - count // 2) / 16).astype(np.float32).reshape(shape)


def store(name, value):
    assert name not in tensors, name
    value = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
    tensors[name] = np.ascontiguousarray(value.astype(np.float32))


def variables(arrays):
    return {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in arrays.items()}


def layer(name, operation, settings, inputs, parameters, compute, statistics=None, window=None):
    """Records one case. `compute(inputs, parameters, statistics)` gives the output.

    `statistics` change in the forward pass: their values after it are stored as CASE/after/X.
    `window`, (row, column, height, width), stores that part of the output only; the upstream
    gradient is zero outside it.
    """
    names = ["input"] + [f"input{i}" for i in range(1, len(inputs))]
    leaves = variables(dict(zip(names, inputs)))
    weights = variables(parameters)
    state = {k: torch.tensor(v, dtype=torch.float64) for k, v in (statistics or {}).items()}
    for key, value in {**leaves, **weights, **state}.items():
        store(f"{name}/{key}", value)
    output = compute([leaves[n] for n in names], weights, state)
    settings = dict(settings)
    shape = list(output.shape)
    if window:
        row, column, height, width = window
        settings["window"] = [row, column]
        output = output[:, :, row : row + height, column : column + width]
    upstream = normal(*output.shape)
    store(f"{name}/output", output)
    store(f"{name}/gradient/output", upstream)
    output.backward(torch.tensor(upstream, dtype=torch.float64))
    for key, value in {**leaves, **weights}.items():
        store(f"{name}/gradient/{key}", torch.zeros_like(value) if value.grad is None else value.grad)
    for key, value in state.items():
        store(f"{name}/after/{key}", value)
    manifest["layers"].append(
        {"name": name, "operation": operation, "inputs": len(inputs), "outputShape": shape, **settings})


def pair(value):
    return list(value) if isinstance(value, tuple) else [value, value]


def convolution(name, shape, channels, kernel, stride=1, padding=0, dilation=1, groups=1, bias=True,
                window=None):
    kernel, stride, padding, dilation = map(pair, (kernel, stride, padding, dilation))
    fan_in = shape[1] // groups * kernel[0] * kernel[1]
    parameters = {"weight": normal(channels, shape[1] // groups, *kernel, deviation=fan_in**-0.5)}
    if bias:
        parameters["bias"] = normal(channels)
    layer(
        name, "convolution",
        dict(outputChannels=channels, kernel=kernel, stride=stride, padding=padding, dilation=dilation,
             groups=groups, bias=bias),
        [normal(*shape)], parameters,
        lambda x, p, _: F.conv2d(x[0], p["weight"], p.get("bias"), stride, padding, dilation, groups),
        window=window)


def transposed(name, shape, channels, kernel, stride=1, padding=0, groups=1, bias=True):
    kernel, stride, padding = map(pair, (kernel, stride, padding))
    spread = shape[1] / groups * kernel[0] * kernel[1] / (stride[0] * stride[1])
    parameters = {"weight": normal(shape[1], channels // groups, *kernel, deviation=spread**-0.5)}
    if bias:
        parameters["bias"] = normal(channels)
    layer(
        name, "transposed_convolution",
        dict(outputChannels=channels, kernel=kernel, stride=stride, padding=padding, groups=groups,
             bias=bias),
        [normal(*shape)], parameters,
        lambda x, p, _: F.conv_transpose2d(
            x[0], p["weight"], p.get("bias"), stride, padding, groups=groups))


def pool(name, values, kernel, stride, padding=0, ceil=False):
    kernel, stride, padding = map(pair, (kernel, stride, padding))
    layer(
        name, "max_pool", dict(kernel=kernel, stride=stride, padding=padding, ceilMode=ceil), [values], {},
        lambda x, p, _: F.max_pool2d(x[0], kernel, stride, padding, ceil_mode=ceil))


def batch_norm(name, shape, training, epsilon=1e-5, momentum=0.1):
    channels = shape[1]
    parameters = {"weight": 1 + normal(channels, deviation=0.3), "bias": normal(channels)}
    statistics = {"running_mean": normal(channels), "running_var": 0.5 + normal(channels) ** 2}
    scale, shift = 0.5 + normal(1, channels, 1, 1) ** 2, 2 * normal(1, channels, 1, 1)
    layer(
        name, "batch_norm", dict(epsilon=epsilon, momentum=momentum, training=training),
        [normal(*shape) * scale + shift], parameters,
        lambda x, p, s: F.batch_norm(
            x[0], s["running_mean"], s["running_var"], p["weight"], p["bias"], training, momentum, epsilon),
        statistics)


def resize(name, shape, **settings):
    """To `exact` [h, w], by the factors `scale` [h, w], or as large as a second input."""
    height, width = shape[2:]
    inputs = [normal(*shape)]
    if "exact" in settings:
        size = settings["exact"]
    elif "scale" in settings:
        size = [height * settings["scale"][0], width * settings["scale"][1]]
    else:
        size = settings.pop("like")
        inputs.append(normal(shape[0], 1, *size))
    layer(
        name, "resize", settings, inputs, {},
        lambda x, p, _: F.interpolate(x[0], size=size, mode="bilinear", align_corners=False))


def loss(name, shape, reduction, weights=None, ignored=0.2):
    n, classes, height, width = shape
    scores = variables({"input": normal(*shape, deviation=3)})["input"]
    labels = random.randint(classes, size=(n, height, width))
    labels[random.uniform(size=labels.shape) < ignored] = IGNORE
    value = F.cross_entropy(
        scores, torch.tensor(labels), reduction=reduction, ignore_index=IGNORE,
        weight=None if weights is None else torch.tensor(weights, dtype=torch.float64))
    value.backward()
    store(f"{name}/input", scores)
    store(f"{name}/labels", labels)
    store(f"{name}/loss", value.reshape(1))
    store(f"{name}/predictions", scores.argmax(1))
    store(f"{name}/gradient/input", scores.grad)
    manifest["losses"].append(dict(name=name, reduction=reduction, classWeights=weights))


def optimizer(name, kind, count=7, steps=4, **settings):
    """CASE/gradients and CASE/output have a row a step: what is fed in, the weights after it."""
    weight = normal(count)
    gradients = normal(steps, count)
    # A gradient of zero and a very small one: where ε and the bias corrections matter.
    gradients[:, 0], gradients[:, 1] = 0, 1e-6
    parameter = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
    common = dict(lr=settings["rate"], weight_decay=settings["decay"])
    if kind == "sgd":
        method = torch.optim.SGD([parameter], momentum=settings["momentum"], **common)
    else:
        method = torch.optim.AdamW([parameter], betas=(settings["beta1"], settings["beta2"]), **common)
    results = []
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        method.step()
        results.append(parameter.detach().numpy().copy())
    store(f"{name}/weight", weight)
    store(f"{name}/gradients", gradients)
    store(f"{name}/output", np.stack(results))
    manifest["optimizers"].append(dict(name=name, kind=kind, **settings))


def make_convolutions():
    convolution("conv 1x1", (2, 5, 4, 7), 3, 1)
    convolution("conv 1x1 without bias", (1, 3, 5, 5), 4, 1, bias=False)
    convolution("conv 1x1 stride 2", (1, 3, 5, 7), 4, 1, stride=2)
    convolution("conv 3x3 pad 1", (2, 3, 7, 9), 4, 3, padding=1)
    convolution("conv 3x3 pad 1 without bias", (2, 4, 5, 6), 3, 3, padding=1, bias=False)
    convolution("conv 3x3 without padding", (1, 3, 6, 5), 2, 3)
    convolution("conv 3x3 stride 2 pad 1", (2, 3, 9, 8), 4, 3, stride=2, padding=1)
    convolution("conv 3x3 dilation 2 pad 2", (2, 3, 8, 9), 3, 3, padding=2, dilation=2)
    convolution("conv 3x3 stride 3 dilation 2", (1, 2, 11, 13), 3, 3, stride=3, padding=1, dilation=2)
    convolution("conv 3x3 pad 100", (1, 2, 5, 6), 3, 3, padding=100, window=(97, 96, 11, 14))
    convolution("conv 7x7 stride 2 pad 3", (2, 3, 13, 11), 4, 7, stride=2, padding=3)
    convolution("conv 7x7 without padding", (1, 4, 9, 8), 5, 7)
    convolution("conv 1x5 pad 0,2", (1, 3, 6, 9), 3, (1, 5), padding=(0, 2))
    convolution("conv 3x2 stride 2,1 pad 1,0 dilation 1,3", (2, 2, 7, 9), 3, (3, 2), (2, 1), (1, 0), (1, 3))
    convolution("conv 3x3 pad 3, more than the kernel reaches", (1, 2, 4, 3), 3, 3, padding=3)
    convolution("conv 3x3 in 2 groups", (2, 4, 6, 5), 6, 3, padding=1, groups=2)
    convolution("conv 3x3 per channel", (1, 4, 5, 7), 4, 3, padding=1, groups=4)


def make_transposed():
    for kernel, stride, padding in [(4, 2, 1), (8, 4, 2), (16, 8, 4), (4, 2, 0)]:
        size = f"{kernel}/{stride}/{padding}"
        transposed(f"deconv {size}", (2 if kernel == 4 else 1, 3, 3, 4), 3 if kernel == 4 else 2,
                   kernel, stride, padding)
        transposed(f"deconv {size} per channel without bias", (1, 3, 2, 3), 3, kernel, stride, padding,
                   groups=3, bias=False)
    transposed("deconv 4/2/1 per channel", (2, 3, 4, 3), 3, 4, 2, 1, groups=3)
    transposed("deconv 3/1/1", (1, 3, 5, 4), 2, 3, 1, 1)
    transposed("deconv 2/3/0, with gaps", (1, 2, 3, 4), 3, 2, 3, 0)
    transposed("deconv 3x4/2x1/1x0 in 2 groups", (2, 4, 3, 5), 6, (3, 4), (2, 1), (1, 0), groups=2)


def make_pools():
    pool("pool 2x2", distinct(2, 3, 6, 8), 2, 2)
    pool("pool 2x2 floor", distinct(2, 3, 7, 9), 2, 2)
    pool("pool 2x2 ceil", distinct(2, 3, 7, 9), 2, 2, ceil=True)
    pool("pool 2x2 ceil on even rows", distinct(1, 2, 6, 5), 2, 2, ceil=True)
    pool("pool 3x3 stride 2 pad 1", distinct(2, 2, 9, 8), 3, 2, 1)
    pool("pool 3x3 stride 2 pad 1 ceil", distinct(1, 3, 8, 10), 3, 2, 1, ceil=True)
    pool("pool 3x3 stride 2 ceil", distinct(1, 2, 8, 6), 3, 2, ceil=True)
    # Windows that would start behind the last row or column, or in the padding there, do not count.
    pool("pool 2x2 stride 2 pad 1 ceil", distinct(1, 2, 5, 8), 2, 2, 1, ceil=True)
    pool("pool 2x2 stride 3 ceil", distinct(1, 2, 6, 7), 2, 3, ceil=True)
    pool("pool 2x3 stride 1,2 pad 1,0", distinct(1, 2, 5, 8), (2, 3), (1, 2), (1, 0))
    # PyTorch gives an element under overlapping windows both gradients, and ties to the first.
    pool("pool 3x3 stride 1, overlapping", distinct(1, 2, 6, 5), 3, 1)
    pool("pool 2x2 of ties", random.randint(3, size=(2, 2, 6, 8)).astype(np.float32), 2, 2)
    pool("pool 3x3 of ties", random.randint(3, size=(1, 2, 7, 7)).astype(np.float32), 3, 2, 1)


def make_activations():
    """Values about zero and about where the slopes change, the ends of PyTorch's definitions among them."""
    values = np.concatenate([
        normal(96, deviation=3), [0, -3, 3, 6, -0.0, 1e-3, -1e-3, 20, -20, 5.5, -2.5, 2.5]
    ]).astype(np.float32).reshape(1, 3, 6, 6)
    for name, operation, settings, compute in [
        ("leaky relu", "leaky_relu", dict(slope=0.1), lambda x: F.leaky_relu(x, 0.1)),
        ("leaky relu that falls", "leaky_relu", dict(slope=-0.5), lambda x: F.leaky_relu(x, -0.5)),
        ("relu6", "clipped_relu", dict(limit=6.0), F.relu6),
        ("relu clipped at 1", "clipped_relu", dict(limit=1.0), lambda x: F.hardtanh(x, 0.0, 1.0)),
        ("sigmoid", "sigmoid", {}, torch.sigmoid),
        ("hard sigmoid", "hard_sigmoid", {}, F.hardsigmoid),
        ("hard swish", "hard_swish", {}, F.hardswish),
        ("silu", "silu", {}, F.silu),
    ]:
        layer(name, operation, settings, [values], {}, lambda x, p, _, compute=compute: compute(x[0]))


def make_concatenations():
    for name, channels in [("concatenation", (3, 5)), ("concatenation of whole blocks", (16, 32, 7))]:
        layer(name, "concatenation", {}, [normal(2, c, 3, 4) for c in channels], {},
              lambda x, p, _: torch.cat(x, 1))


def make_others():
    values = normal(2, 3, 5, 7)
    values[values < -1] = 0  # ReLU's gradient at 0 is 0
    layer("relu", "relu", {}, [values], {}, lambda x, p, _: F.relu(x[0]))
    batch_norm("batch norm in training", (3, 4, 5, 6), True)
    batch_norm("batch norm in training, one picture", (1, 3, 4, 7), True, epsilon=1e-3, momentum=0.3)
    batch_norm("batch norm in use", (2, 4, 5, 3), False)
    layer("softmax", "softmax", {}, [normal(2, 5, 3, 7, deviation=3)], {}, lambda x, p, _: F.softmax(x[0], 1))
    layer("softmax of large scores", "softmax", {}, [normal(1, 4, 3, 3, deviation=60) + 500], {},
          lambda x, p, _: F.softmax(x[0], 1))
    shape = (2, 3, 4, 5)
    layer("sum of 2", "sum", {}, [normal(*shape) for _ in range(2)], {}, lambda x, p, _: sum(x))
    layer("sum of 4", "sum", {}, [normal(*shape) for _ in range(4)], {}, lambda x, p, _: sum(x))
    layer("crop", "crop", dict(offset=[2, 3]), [normal(2, 3, 8, 9), normal(2, 2, 5, 4)], {},
          lambda x, p, _: x[0][:, :, 2:7, 3:7])
    layer("crop of nothing", "crop", dict(offset=[0, 0]), [normal(1, 2, 3, 4), normal(1, 1, 3, 4)], {},
          lambda x, p, _: x[0][:, :, :3, :4])
    resize("resize up", (2, 3, 5, 4), exact=[13, 11])
    resize("resize down", (1, 3, 11, 13), exact=[4, 5])
    resize("resize up and down", (1, 2, 5, 12), exact=[9, 5])
    resize("resize to itself", (1, 2, 4, 5), exact=[4, 5])
    resize("resize from one pixel", (1, 3, 1, 1), exact=[3, 4])
    resize("resize to one pixel", (1, 2, 6, 5), exact=[1, 1])
    resize("resize by 4 and 3", (1, 2, 3, 4), scale=[4, 3])
    resize("resize like another", (2, 2, 5, 6), like=[7, 9])


def make_training():
    weights = [0.5, 2.0, 1.0, 0.25, 0.0]
    loss("loss mean", (2, 5, 4, 7), "mean")
    loss("loss sum", (2, 5, 4, 7), "sum")
    loss("loss mean of weighted classes", (2, 5, 4, 7), "mean", weights)
    loss("loss sum of weighted classes", (2, 5, 4, 7), "sum", weights)
    loss("loss of all pixels", (1, 21, 3, 5), "mean", ignored=0)
    optimizer("sgd", "sgd", rate=0.1, momentum=0.0, decay=0.0)
    optimizer("sgd with momentum and decay", "sgd", rate=0.1, momentum=0.9, decay=0.05, steps=6)
    optimizer("adamw", "adamw", rate=0.01, beta1=0.9, beta2=0.999, decay=0.0)
    optimizer("adamw with decay", "adamw", rate=0.02, beta1=0.8, beta2=0.95, decay=0.1, steps=6)


def make_normalizations():
    for name, shape, size, alpha, beta, k in [
        ("lrn of AlexNet", (2, 7, 4, 5), 5, 1e-4, 0.75, 1.0),
        ("lrn that shows", (1, 6, 3, 4), 3, 1.5, 0.75, 2.0),
        ("lrn over more channels than there are", (1, 3, 3, 3), 9, 0.8, 0.5, 1.0),
    ]:
        layer(name, "local_response_normalization", dict(size=size, alpha=alpha, beta=beta, k=k),
              [normal(*shape, deviation=2)], {},
              lambda x, p, _: F.local_response_norm(x[0], size, alpha=alpha, beta=beta, k=k))
    layer("scale", "scale", dict(factor=0.01), [normal(2, 3, 4, 5)], {}, lambda x, p, _: x[0] * 0.01)


def make_broad_convolutions():
    """With as many channels as fast forms want."""
    convolution("conv 3x3 of 9 channels", (2, 9, 7, 6), 10, 3, padding=1)
    convolution("conv 3x3 dilation 2 of 17 channels", (1, 17, 6, 7), 8, 3, padding=2, dilation=2)


def make_pairs():
    for name, compute in [("product", torch.mul), ("difference", torch.sub), ("quotient", torch.div)]:
        for what, shape in [("", (2, 18, 3, 5)), (" by channel", (2, 18, 1, 1)), (" by pixel", (2, 1, 3, 5)),
                            (" by row", (2, 1, 3, 1)), (" by column of a channel", (2, 18, 1, 5))]:
            other = normal(*shape)
            other = other + np.sign(other) * np.float32(0.5)  # away from zero
            layer(f"{name}{what}", name, {}, [normal(2, 18, 3, 5), other], {},
                  lambda x, p, _, compute=compute: compute(x[0], x[1]))


def average(name, shape, kernel, stride, padding=0, ceil=False, counts=True):
    kernel, stride, padding = map(pair, (kernel, stride, padding))
    layer(
        name, "average_pool",
        dict(kernel=kernel, stride=stride, padding=padding, ceilMode=ceil, countsPadding=counts),
        [normal(*shape)], {},
        lambda x, p, _: F.avg_pool2d(x[0], kernel, stride, padding, ceil, counts))


def make_averages():
    average("average 2x2", (2, 3, 6, 8), 2, 2)
    average("average 3x3 stride 2 pad 1", (2, 3, 7, 8), 3, 2, 1)
    average("average 3x3 stride 2 pad 1, padding not counted", (2, 3, 7, 8), 3, 2, 1, counts=False)
    average("average 3x2 stride 2,3 pad 1,1 ceil", (1, 2, 8, 9), (3, 2), (2, 3), (1, 1), ceil=True)
    average("average 3x3 stride 2 ceil, padding not counted", (1, 17, 8, 6), 3, 2, 1, ceil=True, counts=False)
    average("average 2x2 stride 3 ceil", (1, 2, 6, 7), 2, 3, ceil=True)
    layer("global average", "global_average_pool", {}, [normal(2, 19, 5, 7)], {},
          lambda x, p, _: F.adaptive_avg_pool2d(x[0], 1))
    layer("global max", "global_max_pool", {}, [distinct(2, 19, 5, 7)], {},
          lambda x, p, _: F.adaptive_max_pool2d(x[0], 1))


def make_resizes():
    def case(name, shape, interpolation, coordinates, compute, rounding=None, **settings):
        settings |= dict(interpolation=interpolation, coordinates=coordinates)
        if rounding:
            settings["rounding"] = rounding
        layer(name, "resize", settings, [normal(*shape)], {}, lambda x, p, _: compute(x[0]))

    def to(mode, size, **options):
        return lambda x: F.interpolate(x, size=size, mode=mode, **options)

    def by(mode, factors, **options):
        return lambda x: F.interpolate(
            x, scale_factor=factors, mode=mode, recompute_scale_factor=False, **options)

    nearest = ("nearest", "asymmetric")
    case("nearest up", (2, 3, 4, 5), *nearest, to("nearest", [9, 13]), "floor", exact=[9, 13])
    case("nearest down", (1, 18, 9, 11), *nearest, to("nearest", [4, 5]), "floor", exact=[4, 5])
    case("nearest by 2 and 3", (1, 18, 3, 4), *nearest, to("nearest", [6, 12]), "floor", scale=[2, 3])
    case("nearest by 1.5 and 0.75", (1, 2, 5, 9), *nearest, by("nearest", [1.5, 0.75]), "floor",
         factors=[1.5, 0.75])
    case("nearest of half pixels, the higher of two", (1, 2, 8, 5), "nearest", "half_pixel",
         to("nearest-exact", [4, 11]), "round_prefer_ceil", exact=[4, 11])
    case("bilinear with corners aligned", (2, 3, 4, 5), "bilinear", "align_corners",
         to("bilinear", [9, 7], align_corners=True), exact=[9, 7])
    case("bilinear with corners aligned to one row", (1, 18, 4, 5), "bilinear", "align_corners",
         to("bilinear", [1, 7], align_corners=True), exact=[1, 7])
    case("bilinear by 1.7 and 2.3", (1, 3, 5, 4), "bilinear", "half_pixel",
         by("bilinear", [1.7, 2.3], align_corners=False), factors=[1.7, 2.3])
    case("cubic up", (2, 3, 4, 5), "cubic", "half_pixel",
         to("bicubic", [9, 7], align_corners=False), exact=[9, 7])
    case("cubic down", (1, 2, 9, 11), "cubic", "half_pixel",
         to("bicubic", [4, 5], align_corners=False), exact=[4, 5])
    case("cubic with corners aligned", (1, 2, 4, 5), "cubic", "align_corners",
         to("bicubic", [7, 9], align_corners=True), exact=[7, 9])


def make_shaping():
    for name, sides, filling, value in [
        ("pad", (1, 2, 3, 0), "constant", 0), ("pad with 0.5", (0, 1, 2, 2), "constant", 0.5),
        ("pad and crop", (-1, 2, 1, -2), "constant", 0), ("crop by padding", (-1, -2, 0, -1), "constant", 0),
        ("pad by reflection", (2, 1, 3, 4), "reflect", 0), ("pad by the edge", (2, 1, 6, 7), "edge", 0),
    ]:
        top, left, bottom, right = sides
        mode = {"edge": "replicate"}.get(filling, filling)
        layer(name, "pad", dict(sides=list(sides), filling=filling, value=value), [normal(2, 3, 5, 6)], {},
              lambda x, p, _: F.pad(x[0], [left, right, top, bottom], mode,
                                    **(dict(value=value) if mode == "constant" else {})))
    for name, channels, rows, columns in [
        ("slice of channels", [16, 33], None, None), ("slice of rows and columns", None, [1, -1], [-4, None]),
        ("slice of all three", [-5, 10000], [2, 4], [0, 3]),
    ]:
        part = [slice(None)] + [slice(*(lines or [None])) for lines in (channels, rows, columns)]
        settings = {key: [x for x in lines if x is not None] for key, lines in
                    zip(("channels", "rows", "columns"), (channels, rows, columns)) if lines}
        layer(name, "slice", settings, [normal(2, 35, 5, 6)], {}, lambda x, p, _: x[0][tuple(part)])

    def depth_first(x, r):
        n, c, h, w = x.shape
        return x.reshape(n, r, r, c // (r * r), h, w).permute(0, 3, 4, 1, 5, 2).reshape(
            n, c // (r * r), h * r, w * r)

    layer("pixel shuffle", "depth_to_space", dict(block=2, order="crd"), [normal(2, 12, 3, 4)], {},
          lambda x, p, _: F.pixel_shuffle(x[0], 2))
    layer("depth to space", "depth_to_space", dict(block=3, order="dcr"), [normal(1, 18, 2, 3)], {},
          lambda x, p, _: depth_first(x[0], 3))

    def depth_from(x, r):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // r, r, w // r, r).permute(0, 3, 5, 1, 2, 4).reshape(
            n, c * r * r, h // r, w // r)

    layer("space to depth", "space_to_depth", dict(block=2), [normal(2, 3, 4, 6)], {},
          lambda x, p, _: depth_from(x[0], 2))


def make_channelwise():
    for name, shared in [("prelu", False), ("prelu of one slope", True)]:
        layer(name, "prelu", dict(shared=shared), [normal(2, 18, 3, 5)],
              {"weight": normal(1 if shared else 18)}, lambda x, p, _: F.prelu(x[0], p["weight"]))
    layer("affine", "affine", {}, [normal(2, 18, 3, 5)], {"weight": normal(18), "bias": normal(18)},
          lambda x, p, _: x[0] * p["weight"][:, None, None] + p["bias"][:, None, None])
    layer("instance normalization", "instance_normalization", dict(epsilon=1e-3),
          [2 * normal(2, 5, 4, 6) + normal(1, 5, 1, 1)],
          {"weight": 1 + normal(5, deviation=0.3), "bias": normal(5)},
          lambda x, p, _: F.instance_norm(x[0], weight=p["weight"], bias=p["bias"], eps=1e-3))


def make_further_activations():
    values = np.concatenate([
        normal(96, deviation=3), [0, -3, 3, 6, -0.0, 1e-3, -1e-3, 20, -20, 5.5, -0.125, 0.5]
    ]).astype(np.float32).reshape(1, 3, 6, 6)
    for name, operation, settings, compute in [
        ("tanh", "tanh", {}, torch.tanh),
        ("elu", "elu", dict(alpha=1.0), F.elu),
        ("elu of 0.3", "elu", dict(alpha=0.3), lambda x: F.elu(x, 0.3)),
        ("softplus", "softplus", {}, lambda x: F.softplus(x, threshold=1000)),
        ("mish", "mish", {}, F.mish),
        ("clip", "clip", dict(bounds=[-1.0, 2.0]), lambda x: F.hardtanh(x, -1.0, 2.0)),
    ]:
        layer(name, operation, settings, [values], {}, lambda x, p, _, compute=compute: compute(x[0]))
    layer("exponential", "exponential", {}, [np.minimum(values, 3)], {}, lambda x, p, _: torch.exp(x[0]))


def make_further_normalizations():
    for name, groups in [("group normalization", 3), ("group normalization of one group", 1)]:
        layer(name, "group_normalization", dict(groups=groups, epsilon=1e-3),
              [2 * normal(2, 6, 4, 6) + normal(1, 6, 1, 1)],
              {"weight": 1 + normal(6, deviation=0.3), "bias": normal(6)},
              lambda x, p, _, groups=groups: F.group_norm(x[0], groups, p["weight"], p["bias"], 1e-3))
    layer("layer normalization", "layer_normalization", dict(epsilon=1e-3),
          [2 * normal(2, 5, 4, 6) + normal(1, 5, 1, 1)],
          {"weight": 1 + normal(5, deviation=0.3), "bias": normal(5)},
          lambda x, p, _: F.layer_norm(
              x[0].permute(0, 2, 3, 1), (5,), p["weight"], p["bias"], 1e-3).permute(0, 3, 1, 2))


def make_attention():
    values = np.concatenate([
        normal(60, deviation=2), [0, -0.0, 1e-3, -1e-3, 6, -6, 10, -10, 0.5, -0.5, 4, -4]])
    values = values.astype(np.float32).reshape(1, 3, 4, 6)
    layer("gelu", "gelu", {}, [values], {}, lambda x, p, _: F.gelu(x[0]))
    layer("error function", "error_function", {}, [values], {}, lambda x, p, _: torch.erf(x[0]))
    positive = np.abs(normal(1, 3, 4, 6)) + np.float32(0.25)
    for name, exponent in [("root", 0.5), ("reciprocal root", -0.5), ("cube", 3), ("power of 1.7", 1.7)]:
        layer(name, "power", dict(value=exponent), [positive], {},
              lambda x, p, _, exponent=exponent: x[0] ** exponent)
    layer("reciprocal", "power", dict(value=-1), [np.where(np.abs(values) < 0.25, 1, values)], {},
          lambda x, p, _: 1 / x[0])
    layer("channel shuffle", "channel_shuffle", dict(groups=3), [normal(2, 12, 2, 3)], {},
          lambda x, p, _: torch.channel_shuffle(x[0], 3))
    for name, axes, dims in [("channels", ["channels"], 1), ("rows", ["rows"], 2),
                             ("columns and channels", ["channels", "columns"], (1, 3))]:
        layer(f"mean of {name}", "reduce_mean", dict(axes=axes), [normal(2, 5, 3, 4)], {},
              lambda x, p, _, dims=dims: x[0].mean(dims, keepdim=True))
        layer(f"maximum of {name}", "reduce_maximum", dict(axes=axes), [distinct(2, 5, 3, 4)], {},
              lambda x, p, _, dims=dims: x[0].amax(dims, keepdim=True))


def make_unpools():
    def flat(places, kernel):
        """Places in windows as PyTorch counts them: over the whole plane that was pooled."""
        rows, columns = kernel
        n, c, h, w = places.shape
        places = places.detach().long()
        y, x = torch.arange(h)[:, None], torch.arange(w)[None]
        return (y * rows + places // columns) * w * columns + x * columns + places % columns

    def indices(x, kernel):
        """The other way; no gradient."""
        _, found = F.max_pool2d(x, kernel, kernel, return_indices=True)
        width = x.shape[3]
        places = found // width % kernel[0] * kernel[1] + found % width % kernel[1]
        return places + 0 * x.sum()

    for name, values, kernel in [
        ("indices 2x2", distinct(2, 3, 6, 8), (2, 2)), ("indices 3x2", distinct(1, 18, 6, 4), (3, 2)),
        ("indices 2x2 of ties", random.randint(3, size=(2, 3, 6, 8)).astype(np.float32), (2, 2)),
    ]:
        layer(name, "max_pool_indices", dict(kernel=kernel, stride=kernel), [values], {},
              lambda x, p, _, kernel=kernel: indices(x[0], kernel))
    for name, shape, kernel in [("unpool 2x2", (2, 18, 3, 4), (2, 2)), ("unpool 3x2", (1, 2, 2, 5), (3, 2))]:
        places = random.randint(kernel[0] * kernel[1], size=shape).astype(np.float32)
        layer(name, "max_unpool", dict(kernel=kernel, stride=kernel), [normal(*shape), places], {},
              lambda x, p, _, kernel=kernel: F.max_unpool2d(x[0], flat(x[1], kernel), kernel, kernel))


def attention(name, query, keys, depth, channels, heads=1, factor=1.0, softmax="keys"):
    """Between `query` and `keys`, [pictures, rows, columns], of depth and channels in all heads."""
    def compute(x, p, _):
        n, h, w = query
        q, k, v = (y.reshape(n, heads, y.shape[1] // heads, -1) for y in x)
        scores = factor * q.transpose(2, 3) @ k
        if softmax == "keys":
            weights = scores.softmax(3)
        else:
            weights = scores.flatten(2).softmax(2).reshape(scores.shape)
        return (v @ weights.transpose(2, 3)).reshape(n, channels, h, w)

    (n, h, w), (_, rows, columns) = query, keys
    layer(name, "attention", dict(heads=heads, factor=factor, softmax=softmax),
          [normal(n, depth, h, w), normal(n, depth, rows, columns), normal(n, channels, rows, columns)],
          {}, compute)


def make_attentions():
    attention("attention", (2, 3, 4), (2, 3, 4), 5, 7)
    attention("attention to fewer pixels in 3 heads", (1, 4, 5), (1, 2, 3), 6, 9, 3, 0.7)
    attention("attention over all pairs", (2, 3, 4), (2, 3, 4), 5, 7, softmax="pairs")
    attention("attention over all pairs in 2 heads", (1, 2, 3), (1, 3, 5), 4, 2, 2, -0.5, "pairs")
    layer("pixels as channels", "pixels_as_channels", {}, [normal(2, 5, 3, 4)], {},
          lambda x, p, _: x[0].permute(0, 2, 3, 1).reshape(x[0].shape))
    for name, shape, bins in [("adaptive average of 3 and 4", (2, 3, 7, 9), (3, 4)),
                              ("adaptive average of more windows than rows", (1, 2, 3, 10), (5, 2)),
                              ("adaptive average of 2", (1, 18, 6, 5), (2, 2))]:
        layer(name, "adaptive_average_pool", dict(exact=list(bins)), [normal(*shape)], {},
              lambda x, p, _, bins=bins: F.adaptive_avg_pool2d(x[0], bins))
    layer("softmax in groups", "softmax", dict(groups=3), [normal(2, 6, 3, 4)], {},
          lambda x, p, _: x[0].reshape(2, 2, 3, 3, 4).softmax(1).reshape(x[0].shape))


def make_places():
    for name, compute in [("maximum", torch.maximum), ("minimum", torch.minimum)]:
        for what, shape in [("", (2, 18, 3, 5)), (" by channel", (2, 18, 1, 1)), (" by pixel", (2, 1, 3, 5)),
                            (" by row", (2, 1, 3, 1)), (" by column of a channel", (2, 18, 1, 5))]:
            layer(f"{name}{what}", name, {}, [normal(2, 18, 3, 5), normal(*shape)], {},
                  lambda x, p, _, compute=compute: compute(x[0], x[1]))
        ties = [random.randint(3, size=(1, 2, 3, 5)).astype(np.float32) for _ in range(2)]
        layer(f"{name} of equal ones", name, {}, ties, {},
              lambda x, p, _, compute=compute: compute(x[0], x[1]))
    for name, shape, kernel, stride, padding, dilation, ceil in [
        ("max 3x3 dilation 2", (2, 3, 9, 11), 3, 1, 1, 2, False),
        ("max 2x3 stride 2 dilation 3,2", (1, 18, 10, 12), (2, 3), 2, (1, 0), (3, 2), False),
        ("max 3x2 stride 3,2 dilation 1,4 ceil", (1, 2, 9, 10), (3, 2), (3, 2), (0, 1), (1, 4), True),
    ]:
        kernel, stride, padding, dilation = map(pair, (kernel, stride, padding, dilation))
        layer(name, "max_pool",
              dict(kernel=kernel, stride=stride, padding=padding, dilation=dilation, ceilMode=ceil),
              [distinct(*shape)], {},
              lambda x, p, _: F.max_pool2d(x[0], kernel, stride, padding, dilation, ceil))
    for axis, lines in [("rows", torch.arange(3.0)[:, None]), ("columns", torch.arange(5.0)[None])]:
        layer(f"coordinates of {axis}", "coordinates", dict(axis=axis), [normal(2, 4, 3, 5)], {},
              lambda x, p, _, lines=lines: lines.expand(2, 1, 3, 5) + 0 * x[0].sum())
    layer("coordinates of another size", "coordinates", dict(axis="rows", exact=[4, 2]), [normal(1, 3, 2, 2)],
          {}, lambda x, p, _: torch.arange(4.0)[:, None].expand(1, 1, 4, 2) + 0 * x[0].sum())
    layer("constant planes", "constant_planes", dict(outputChannels=3, exact=[2, 4]), [normal(2, 5, 3, 3)],
          {"weight": normal(3, 2, 4)}, lambda x, p, _: p["weight"].expand(2, 3, 2, 4) + 0 * x[0].sum())
    for axis, dim in [("rows", 2), ("columns", 3)]:
        layer(f"{axis} of three", "line_concatenation", dict(axis=axis),
              [normal(*(n if i == dim else k for i, k in enumerate((2, 3, 4, 5)))) for n in (2, 1, 3)], {},
              lambda x, p, _, dim=dim: torch.cat(x, dim))
    layer("rows as columns", "rows_as_columns", {}, [normal(2, 3, 4, 5)], {},
          lambda x, p, _: x[0].transpose(2, 3))


def channel_products(name, heads, first, second):
    def compute(x, p, _):
        a, b = (y.reshape(2, heads, y.shape[1] // heads, -1) for y in x)
        return (a @ b.transpose(2, 3)).reshape(2, first, 1, second // heads)

    layer(name, "channel_products", dict(heads=heads), [normal(2, first, 3, 4), normal(2, second, 3, 4)], {},
          compute)


def channel_mixing(name, heads, outer, inner, transposed):
    """Weights of outer × inner in each head."""
    def compute(x, p, _):
        weight, values = (y.reshape(2, heads, y.shape[1] // heads, -1) for y in x)
        made = (weight.transpose(2, 3) if transposed else weight) @ values
        return made.reshape(2, -1, 3, 4)

    layer(name, "channel_mixing", dict(heads=heads, transposed=transposed),
          [normal(2, heads * outer, 1, inner), normal(2, heads * (outer if transposed else inner), 3, 4)], {},
          compute)


def make_channel_attention():
    channel_products("channel products", 1, 5, 4)
    channel_products("channel products in 3 heads", 3, 6, 9)
    for transposed in (False, True):
        name = "channel mixing" + " transposed" * transposed
        channel_mixing(name, 1, 3, 5, transposed)
        channel_mixing(f"{name} in 2 heads", 2, 4, 3, transposed)


def make_wide_transposed():
    transposed("deconv 2/2/0 of 16 channels", (2, 3, 3, 4), 16, 2, 2)
    transposed("deconv 3/2/1 of 16 channels", (1, 2, 4, 3), 16, 3, 2, 1, bias=False)


def make_widely_dilated():
    """Phases of three pixels, of two and of one on an axis."""
    for name, shape, channels, dilation in [
        ("conv 3x3 dilation 3 pad 3 of 17 channels", (2, 17, 8, 7), 10, (3, 3)),
        ("conv 3x3 dilation 5,7 pad 5,7 of 9 channels", (1, 9, 8, 6), 5, (5, 7)),
    ]:
        convolution(name, shape, channels, 3, padding=dilation, dilation=dilation)


def make_halves():
    """1×1 convolutions of whole blocks of channels, which halves of halves serve."""
    convolution("conv 1x1 of 64 channels", (1, 64, 3, 5), 64, 1)


def main():
    make_convolutions()
    make_transposed()
    make_pools()
    make_others()
    make_training()
    # New ones come last, so that the random values of those before stay as they were.
    make_normalizations()
    make_broad_convolutions()
    make_activations()
    make_concatenations()
    make_pairs()
    make_averages()
    make_resizes()
    make_shaping()
    make_channelwise()
    make_further_activations()
    make_further_normalizations()
    make_attention()
    make_unpools()
    make_attentions()
    make_places()
    make_channel_attention()
    make_wide_transposed()
    make_widely_dilated()
    make_halves()
    save_file(tensors, HERE / "layers.safetensors", metadata={"made_by": "make_layers.py"})
    groups = [
        f'"{group}": [\n' + ",\n".join("  " + json.dumps(case) for case in cases) + "\n]"
        for group, cases in manifest.items()]
    (HERE / "layers.json").write_text("{\n" + ",\n".join(groups) + "\n}\n")


if __name__ == "__main__":
    main()
