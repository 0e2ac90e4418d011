"""What exporters write where far pixels are told of each other: gates, context, attention.

Each operation takes the graph and a value and returns the value after it, or None where it does not
fit.
"""

from __future__ import annotations

import math

from .layouts import factors
from .pictures import resized_to, sides
from .values import Graph, Value


def gate(graph: Graph, x: Value) -> Value | None:
    """Channels by their means (of convolutions, of linear layers, of neighbouring channels) or
    pixels by means and maxima over channels."""
    if not x.is_picture:
        return None
    channels, middle = x.shape[1], max(x.shape[1] // 2, 1)
    way = graph.chance.choice(["convolutions", "layers", "neighbours", "pixels"])
    name = graph.op(graph.chance.choice(["GlobalAveragePool", "GlobalMaxPool"]), x.name)
    if way == "convolutions":
        name = graph.op("Relu", graph.convolution(name, channels, middle))
        name = graph.convolution(name, middle, channels)
    elif way == "layers":
        name = graph.op("Flatten", name) if graph.flip() else graph.op(
            "Reshape", name, graph.integers([1, -1]))
        name = graph.op(
            "Gemm", name, graph.noise([middle, channels], channels ** -0.5),
            graph.noise([middle], 0.1), transB=1)
        name = graph.op(
            "MatMul", graph.op("Relu", name), graph.noise([middle, channels], middle ** -0.5))
        name = graph.op("Reshape", name, graph.integers([1, channels, 1, 1]))
    elif way == "neighbours":
        name = graph.op("Reshape", name, graph.integers([1, 1, channels]))
        name = graph.op("Conv", name, graph.noise([1, 1, 3]), kernel_shape=[3], pads=[1, 1])
        name = graph.op("Transpose", name, perm=[0, 2, 1])
        name = graph.op("Unsqueeze", name, graph.integers([3]))
    else:
        means = graph.reduce("ReduceMean", x.name, [1], True)
        maxima = graph.reduce("ReduceMax", x.name, [1], True)
        name = graph.op("Concat", means, maxima, axis=1)
        name = graph.convolution(name, 2, 1, (3, 3), pads=[1] * 4)
    inputs = [x.name, graph.op(graph.chance.choice(["Sigmoid", "HardSigmoid"]), name)]
    graph.chance.shuffle(inputs)
    return Value(graph.op(graph.chance.choice(["Mul", "Mul", "Add"]), *inputs), x.axes)


def context(graph: Graph, x: Value) -> Value | None:
    """Means of the whole picture, of its lines or of its windows, convolved and brought back to
    every pixel, as pyramids do."""
    if not x.is_picture:
        return None
    channels = x.shape[1]
    axes = graph.chance.choice([[2, 3], [2, 3], [2], [3]])
    if axes == [2, 3] and graph.flip():
        mean = graph.op("GlobalAveragePool", x.name)
    else:
        mean = graph.reduce("ReduceMean", x.name, axes, True)
    mean = graph.op("Relu", graph.convolution(mean, channels, channels))
    way = graph.chance.choice(["add", "resize", "expand"])
    if way == "add":
        return Value(graph.op("Add", x.name, mean), x.axes)
    if way == "resize":
        places = [1 if axis in axes else side for axis, side in zip((2, 3), sides(x))]
        name = resized_to(graph, graph.picture(mean, channels, *places), x).name
    else:
        name = graph.op("Expand", mean, graph.shape(x.axes, in_full=True))
    return graph.picture(graph.op("Concat", x.name, name, axis=1), 2 * channels, *sides(x))


def attend(graph: Graph, x: Value) -> Value | None:
    """Between all pixels, in sequence."""
    if not x.is_picture or x.shape[2] * x.shape[3] > 400:
        return None
    channels, rows, columns = x.axes[1:]
    sequence = graph.reshaped(x, [(), channels, rows + columns])
    sequence = attended(graph, graph.transposed(sequence, [0, 2, 1]))
    result = graph.reshaped(graph.transposed(sequence, [0, 2, 1]), x.axes)
    return Value(graph.op("Add", x.name, result.name), x.axes) if graph.flip() else result


def patches(graph: Graph, x: Value) -> Value | None:
    """Between the pixels at the same place of all squares of two by two, as MobileViT does: left as
    they are, for whatever follows to bring back."""
    if not x.is_picture or any(side % 2 or not 4 <= side <= 32 for side in x.shape[2:]):
        return None
    (rows, row), (columns, column) = (factors(axis[0], 2) for axis in x.axes[2:])
    split = graph.reshaped(x, [(), x.axes[1], (rows,), (row,), (columns,), (column,)])
    order = [0, 3, 5, 2, 4, 1]
    if graph.flip(0.3):  # columns before rows, in either place
        order[1:3] = order[2:0:-1]
    turned = graph.transposed(split, order)
    _, first, second, third, fourth, channels = turned.axes
    return attended(graph, graph.reshaped(turned, [first + second, third + fourth, channels]))


def attended(graph: Graph, x: Value) -> Value:
    """Several heads, each of a part of the channels, between all that lie along the axis before the
    channels."""
    batch, _, channels = x.shape
    heads = graph.chance.choice([h for h in (1, 2, 3, 4) if channels % h == 0])
    source = layer_normalised(graph, x) if graph.flip() else x

    def projected() -> str:
        name = graph.op(
            "MatMul", source.name, graph.noise([channels, channels], channels ** -0.5))
        name = graph.op("Add", name, graph.noise([channels], 0.1))
        shape = [batch, -1, heads, channels // heads]
        return graph.op(
            "Transpose", graph.op("Reshape", name, graph.integers(shape)), perm=[0, 2, 1, 3])

    queries, keys, values = projected(), projected(), projected()
    keys = graph.op("Transpose", keys, perm=[0, 1, 3, 2])
    scale = graph.constant((channels // heads) ** -0.5)
    if graph.flip():
        products = graph.op("Mul", graph.op("MatMul", queries, keys), scale)
    else:
        products = graph.op("MatMul", graph.op("Mul", queries, scale), keys)
    name = graph.op("MatMul", graph.op("Softmax", products, axis=-1), values)
    name = graph.op("Transpose", name, perm=[0, 2, 1, 3])
    return Value(graph.op("Reshape", name, graph.integers([batch, -1, channels])), x.axes)


def layer_normalised(graph: Graph, x: Value) -> Value:
    """Along the last axis, in opset 17's operation or written out."""
    size = x.shape[-1]
    if graph.opset >= 17 and graph.flip():
        name = graph.op(
            "LayerNormalization", x.name, graph.noise([size], 0.2, 1), graph.noise([size], 0.2),
            axis=-1, epsilon=1e-3)
        return Value(name, x.axes)
    rest = graph.op("Sub", x.name, graph.reduce("ReduceMean", x.name, [-1], True))
    square = graph.op("Mul", rest, rest) if graph.flip() else graph.op(
        "Pow", rest, graph.constant(2))
    variance = graph.reduce("ReduceMean", square, [-1], True)
    name = graph.op(
        "Div", rest, graph.op("Sqrt", graph.op("Add", variance, graph.constant(1e-3))))
    name = graph.op("Mul", name, graph.noise([size], 0.2, 1))
    return Value(graph.op("Add", name, graph.noise([size], 0.2)), x.axes)
