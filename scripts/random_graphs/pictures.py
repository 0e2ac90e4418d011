"""What exporters write of convolutional networks: operations on N×C×H×W.

Each takes the graph and a value and returns the value after it, or None where it does not fit.
"""

from __future__ import annotations

from .values import Graph, Value


def sides(x: Value):
    """Rows and columns of `x`, as Graph.picture takes them."""
    return x.axes[2][0], x.axes[3][0]


def convolve(graph: Graph, x: Value) -> Value | None:
    """Any kernel, group, dilation and padding that keeps the size, and strides of two."""
    if not x.is_picture:
        return None
    chance, channels = graph.chance, x.shape[1]
    outputs = chance.choice([channels, channels, 4, 6, 8, 12])
    groups = [g for g in range(1, channels + 1) if channels % g == 0 and outputs % g == 0]
    group = chance.choice([1, 1, chance.choice(groups), groups[-1]])
    kernel = chance.choice([(1, 1), (3, 3), (3, 3), (5, 5), (1, 3), (5, 1), (2, 2)])
    dilation = chance.choice([1, 1, 1, 2, 3]) if min(x.shape[2:]) > 4 else 1
    spans = [(k - 1) * dilation for k in kernel]
    options = {"dilations": [dilation] * 2}
    if dilation == 1 and graph.flip(0.2):  # ONNX Runtime has no other
        options["auto_pad"] = chance.choice(["SAME_UPPER", "SAME_LOWER"])
    elif graph.flip(0.2):  # as causal convolutions pad, or more on one side than on the other
        before = [chance.randrange(span + 1) for span in spans]
        options["pads"] = before + [span - b for span, b in zip(spans, before)]
    else:
        options["pads"] = [span // 2 for span in spans] + [span - span // 2 for span in spans]
    if graph.flip(0.1) and min(x.shape[2:]) > 4:
        options["strides"] = [2, 2]
        name = graph.convolution(x.name, channels, outputs, kernel, group, **options)
        return graph.picture(name, outputs, *((side + 1) // 2 for side in x.shape[2:]))
    name = graph.convolution(x.name, channels, outputs, kernel, group, **options)
    return graph.picture(name, outputs, *sides(x))


def convolve_transposed(graph: Graph, x: Value) -> Value | None:
    """To twice the size, as decoders do."""
    if not x.is_picture or max(x.shape[2:]) > 32:
        return None
    channels, outputs = x.shape[1], graph.chance.choice([4, 6, 8])
    kernel, options = graph.chance.choice([
        (2, {}), (4, {"pads": [1] * 4}), (3, {"pads": [1] * 4, "output_padding": [1, 1]})])
    terms = [graph.noise([channels, outputs, kernel, kernel], channels ** -0.5)]
    terms += [graph.noise([outputs], 0.1)] if graph.flip() else []
    name = graph.op(
        "ConvTranspose", x.name, *terms, kernel_shape=[kernel] * 2, strides=[2, 2], **options)
    return graph.picture(name, outputs, *(2 * side for side in x.shape[2:]))


def pool(graph: Graph, x: Value) -> Value | None:
    if not x.is_picture or min(x.shape[2:]) < 4:
        return None
    kind = graph.chance.choice(["MaxPool", "MaxPool", "AveragePool"])
    form = graph.chance.choice(["same", "half", "ceiling", "overlapping"])
    options = {"kernel_shape": [3, 3] if form in ("same", "overlapping") else [2, 2]}
    if form in ("same", "overlapping"):
        options["pads"] = [1] * 4
        if kind == "AveragePool":
            options["count_include_pad"] = graph.chance.randrange(2)
    if form == "same":
        return graph.picture(graph.op(kind, x.name, **options), x.shape[1], *sides(x))
    options["strides"] = [2, 2]
    up = 0 if form == "half" else 1
    if form == "ceiling":
        options["ceil_mode"] = 1
    name = graph.op(kind, x.name, **options)
    return graph.picture(name, x.shape[1], *((side + up) // 2 for side in x.shape[2:]))


def resize_options(graph: Graph, is_by_factor: bool) -> dict:
    """A way to place and weigh lines. Of sizes that a factor of two does not tell, some lines lie
    halfway between two, and which is the nearest is a matter of rounding: not for these."""
    mode = graph.chance.choice(["nearest", "linear", "linear", "cubic"])
    if mode == "nearest":
        place, rule = graph.chance.choice([
            ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"),
            ("half_pixel", "round_prefer_ceil"), ("asymmetric", "ceil")
        ]) if is_by_factor else ("asymmetric", "floor")
        return {"mode": mode, "coordinate_transformation_mode": place, "nearest_mode": rule}
    place = graph.chance.choice(["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"])
    options = {"mode": mode, "coordinate_transformation_mode": place}
    return options | ({"cubic_coeff_a": -0.75} if mode == "cubic" else {})


def resize(graph: Graph, x: Value) -> Value | None:
    """By a factor."""
    if not x.is_picture or not 4 <= min(x.shape[2:]) <= max(x.shape[2:]) <= 32:
        return None
    # Of odd sizes half is what each engine rounds it to: the size is told by the graph.
    factor = graph.chance.choice([2, 2, 0.5]) if not graph.is_open else 2
    name = graph.op(
        "Resize", x.name, "", graph.constant([1, 1, factor, factor]),
        **resize_options(graph, True))
    return graph.picture(name, x.shape[1], *(int(side * factor) for side in x.shape[2:]))


def resized_to(graph: Graph, x: Value, like: Value) -> Value:
    """`x` with the rows and columns of `like`, as the graph tells them."""
    size = graph.shape([(), x.axes[1], *like.axes[2:]], in_full=True)
    name = graph.op("Resize", x.name, "", graph.constant([]), size, **resize_options(graph, False))
    return graph.picture(name, x.shape[1], *sides(like))


def join(graph: Graph, x: Value) -> Value | None:
    """With an earlier value, as skip connections are: resized to its size, then put behind it or
    added."""
    found = [each for each in graph.kept if each.is_picture and each is not x]
    if not x.is_picture or not found:
        return None
    other = graph.chance.choice(found)
    if sides(x) != sides(other):
        x = resized_to(graph, x, other)
    if x.shape[1] == other.shape[1] and graph.flip():
        kind = graph.chance.choice(["Add", "Add", "Mul", "Sub", "Max"])
        name = graph.op(kind, x.name, other.name)
        return graph.picture(name, x.shape[1], *sides(other))
    names = [x.name, other.name]
    graph.chance.shuffle(names)
    name = graph.op("Concat", *names, axis=graph.chance.choice([1, -3]))
    return graph.picture(name, x.shape[1] + other.shape[1], *sides(other))


def normalise(graph: Graph, x: Value) -> Value | None:
    """By a batch's statistics, or each group of channels by its own, as exporters write that."""
    if not x.is_picture:
        return None
    channels = x.shape[1]
    factors, offsets = graph.noise([channels], 0.2, 1), graph.noise([channels], 0.2)
    if graph.flip():
        variances = graph.constant([graph.chance.uniform(0.5, 2) for _ in range(channels)])
        name = graph.op(
            "BatchNormalization", x.name, factors, offsets, graph.noise([channels], 0.2), variances)
        return graph.picture(name, channels, *sides(x))
    groups = graph.chance.choice([g for g in range(1, channels + 1) if channels % g == 0])
    if graph.opset >= 21 and graph.flip():
        name = graph.op(
            "GroupNormalization", x.name, factors, offsets, num_groups=groups, epsilon=1e-3)
        return graph.picture(name, channels, *sides(x))
    flat = graph.op("Reshape", x.name, graph.integers([0, groups, -1]))
    name = graph.op(
        "InstanceNormalization", flat, graph.constant([1] * groups), graph.constant([0] * groups),
        epsilon=1e-3)
    name = graph.op("Reshape", name, graph.op("Shape", x.name))
    shape = [channels, 1, 1]
    name = graph.op("Mul", name, graph.noise(shape, 0.2, 1))
    return graph.picture(graph.op("Add", name, graph.noise(shape, 0.2)), channels, *sides(x))


def focus(graph: Graph, x: Value) -> Value | None:
    """Every second row and column, all four behind each other, as YOLO begins."""
    if not x.is_picture or any(side % 2 or side < 4 for side in x.shape[2:]):
        return None
    ends = graph.integers([2**31 - 1] * 2)
    names = [
        graph.op(
            "Slice", x.name, graph.integers(starts), ends, graph.integers([2, 3]),
            graph.integers([2, 2]))
        for starts in ([0, 0], [1, 0], [0, 1], [1, 1])]
    name = graph.op("Concat", *names, axis=1)
    return graph.picture(name, 4 * x.shape[1], *(side // 2 for side in x.shape[2:]))


def shuffle(graph: Graph, x: Value) -> Value | None:
    """Channels of groups in turn."""
    groups = [g for g in (2, 3, 4) if x.is_picture and x.shape[1] % g == 0]
    if not groups:
        return None
    group = graph.chance.choice(groups)
    count = x.shape[1] // group
    rows, columns = sides(x)
    first, second = (x.axes[1][0]._replace(key=(i,), size=n) for i, n in enumerate((group, count)))
    split = graph.reshaped(x, [(), (first,), (second,), (rows,), (columns,)])
    turned = graph.transposed(split, [0, 2, 1, 3, 4])
    merged = graph.reshaped(turned, [(), turned.axes[1] + turned.axes[2], (rows,), (columns,)])
    return graph.picture(merged.name, x.shape[1], rows, columns)
