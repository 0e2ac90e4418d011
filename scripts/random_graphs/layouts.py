"""What exporters write of values in any layout: axes split, merged, turned, repeated, padded and
taken from, before they are a picture again.

Each takes the graph and a value and returns the value after it, or None where it does not fit.
"""

from __future__ import annotations

from .values import Graph, Part, Value, restored

#: The most axes that a value is given.
MOST_AXES = 6


def divisors(number: int) -> list[int]:
    return [each for each in range(2, number) if number % each == 0]


def factors(part: Part, inner: int) -> tuple[Part, Part]:
    """What the part becomes where it is split so that `inner` of it follow each other."""
    source = (part.source, inner) if part.source else ()
    return (
        part._replace(key=(*part.key, 0), size=part.size // inner, source=source),
        part._replace(key=(*part.key, 1), size=inner, source=()))


def split(graph: Graph, x: Value, kinds: str = "CHW") -> Value | None:
    """A part of an axis becomes two, and its axis too. Rows and columns whose size is open are
    split by two, of which the graph reads the half."""
    places = [
        (i, j) for i, axis in enumerate(x.axes) for j, part in enumerate(axis)
        if part.kind in kinds and (part.size % 2 == 0 if part.source else divisors(part.size))]
    if not places or len(x.axes) > MOST_AXES:
        return None
    i, j = graph.chance.choice(places)
    axis, part = x.axes[i], x.axes[i][j]
    inner = 2 if part.source else graph.chance.choice(divisors(part.size))
    first, second = factors(part, inner)
    return graph.reshaped(
        x, [*x.axes[:i], (*axis[:j], first), (second, *axis[j + 1:]), *x.axes[i + 1:]])


def group(graph: Graph, x: Value) -> Value | None:
    return split(graph, x, "C")


def merge(graph: Graph, x: Value) -> Value | None:
    if len(x.axes) < 3:
        return None
    i = graph.chance.randrange(len(x.axes) - 1)
    return graph.reshaped(x, [*x.axes[:i], x.axes[i] + x.axes[i + 1], *x.axes[i + 2:]])


def turn(graph: Graph, x: Value) -> Value:
    """Any order of the axes; half of the time the first stays."""
    order = list(range(len(x.axes)))
    if graph.flip():
        rest = order[1:]
        graph.chance.shuffle(rest)
        order = [0, *rest]
    elif graph.flip() and len(order) > 2:
        i = graph.chance.randrange(len(order) - 1)
        order[i], order[i + 1] = order[i + 1], order[i]
    else:
        graph.chance.shuffle(order)
    return graph.transposed(x, order)


def back(graph: Graph, x: Value) -> Value:
    return restored(graph, x)


def unsqueezed(graph: Graph, x: Value, at: int) -> Value:
    name = graph.op("Unsqueeze", x.name, graph.integers([at]))
    return Value(name, (*x.axes[:at], (), *x.axes[at:]))


def beside(graph: Graph, part: Part, size: int, is_behind: bool) -> Part:
    """A new factor of the part's kind, faster than it or slower."""
    if is_behind:
        key = (*part.key, 2 + graph.place())
    else:
        key = (*part.key[:-1], part.key[-1] - 0.4 - graph.place() / 10)
    return Part(part.kind, key, size)


def repeat(graph: Graph, x: Value) -> Value | None:
    """Lines or channels, several times each, as Keras's upsampling does: Tile or Expand along a new
    axis."""
    kinds = "HW" if graph.flip(0.8) else "C"
    places = [i for i, axis in enumerate(x.axes) if axis and axis[-1].kind in kinds and i]
    if not places or len(x.axes) > MOST_AXES:
        return None
    i, count = graph.chance.choice(places), graph.chance.choice([2, 2, 3])
    is_behind = graph.flip(0.8)
    at = i + 1 if is_behind else i
    part = x.axes[i][-1 if is_behind else 0]
    wide = unsqueezed(graph, x, at)
    new = beside(graph, part, count, graph.flip(0.8) == is_behind)
    axes = (*x.axes[:at], (new,), *x.axes[at:])
    times = [1] * len(axes)
    times[at] = count
    if graph.flip():
        name = graph.op("Tile", wide.name, graph.integers(times))
    else:
        sizes = Value("", axes).constant_shape  # Expand takes ones for what stays
        name = graph.op("Expand", wide.name, graph.integers(sizes if graph.flip() else times))
    return Value(name, axes)


def pad(graph: Graph, x: Value) -> Value | None:
    """Channels, rows or columns: more of them, or fewer."""
    places = x.axes_of("CHW" if graph.flip() else "C")
    if not places:
        return None
    rank, result = len(x.axes), x
    pads = [0] * (2 * rank)
    for i in graph.chance.sample(places, min(len(places), graph.chance.choice([1, 1, 2]))):
        before, after = graph.chance.choice([
            (0, 1), (1, 0), (1, 1), (2, 0), (0, 2), (-1, 1), (0, -1), (1, -1)])
        if x.shape[i] + before + after >= 1:
            pads[i], pads[rank + i] = before, after
            result = Value("", result.with_size(i, x.shape[i] + before + after))
    mode = graph.chance.choice(["constant", "constant", "constant", "edge", "reflect"])
    if mode != "constant" and (
            min(pads) < 0 or any(each >= x.shape[i % rank] for i, each in enumerate(pads) if each)):
        mode = "constant"
    inputs = [x.name, graph.integers(pads)]
    if mode == "constant" and graph.flip():
        inputs.append(graph.constant(graph.chance.choice([1, -0.5, 0])))
    return Value(graph.op("Pad", *inputs, mode=mode), result.axes)


def take(graph: Graph, x: Value) -> Value | None:
    """Some of the channels, mostly: by a slice, forwards or backwards, an index, several, or a
    split."""
    places = x.axes_of("C" if graph.flip(0.8) else "CHW", least=2)
    if not places:
        return None
    chance = graph.chance
    i = chance.choice(places)
    count, axis = x.shape[i], chance.choice([i, i - len(x.axes)])
    way = chance.choice(["slice", "slice", "indices", "index", "split", "swap"])
    if way == "slice":
        step = chance.choice([1, 1, 2, -1, -2])
        low = chance.randrange(count)
        high = chance.randrange(low + 1, count + 1)
        start, end = (low, high) if step > 0 else (high - 1, low - 1 if low else -2**31)
        if step > 0 and graph.flip():
            end = high - count if high < count else 2**31 - 1
        terms = [graph.integers([each]) for each in (start, end, axis, step)]
        size = -(-(high - low) // abs(step))
        return Value(graph.op("Slice", x.name, *terms), x.with_size(i, size))
    if way == "indices":
        indices = [chance.randrange(-count, count) for _ in range(chance.choice([1, 2, 2, 3]))]
        name = graph.op("Gather", x.name, graph.integers(indices), axis=axis)
        return Value(name, x.with_size(i, len(indices)))
    if way == "index":
        if len(x.axes) < 4:
            return None
        index = graph.integers(chance.randrange(-count, count))
        name = graph.op("Gather", x.name, index, axis=axis)
        return Value(name, x.axes[:i] + x.axes[i + 1:])
    first = chance.randrange(1, count)
    names = graph.split(x.name, axis, 2, [first, count - first])
    if way == "swap":
        return Value(graph.op("Concat", *names[::-1], axis=axis), x.axes)
    which = chance.randrange(2)
    return Value(names[which], x.with_size(i, [first, count - first][which]))


def combine(graph: Graph, x: Value) -> Value | None:
    """Equal parts, one a gate of the other."""
    places = [i for i in x.axes_of("C") if x.shape[i] % 2 == 0 or x.shape[i] % 3 == 0]
    if not places:
        return None
    i = graph.chance.choice(places)
    parts = graph.chance.choice([n for n in (2, 3) if x.shape[i] % n == 0])
    names = graph.split(x.name, i, parts)
    gate = graph.op("Sigmoid", names[0])
    inputs = graph.chance.choice([[names[1], gate], [gate, names[-1]]])
    name = graph.op(graph.chance.choice(["Mul", "Sub"]), *inputs)
    return Value(name, x.with_size(i, x.shape[i] // parts))


def double(graph: Graph, x: Value) -> Value | None:
    """The value with a function of itself behind it."""
    places = x.axes_of("C" if graph.flip(0.85) else "CHW")
    if not places:
        return None
    i = graph.chance.choice(places)
    other = graph.op(graph.chance.choice(["Sigmoid", "Relu", "Neg", "Tanh"]), x.name)
    names = graph.chance.choice([[x.name, other], [other, x.name, other]])
    return Value(graph.op("Concat", *names, axis=i), x.with_size(i, x.shape[i] * len(names)))


def stack(graph: Graph, x: Value) -> Value | None:
    """The same along a new axis, beside one of channels."""
    places = x.axes_of("C")
    if not places or len(x.axes) > MOST_AXES:
        return None
    i = graph.chance.choice(places)
    at = i + graph.chance.randrange(2)
    wide = unsqueezed(graph, x, at)
    name = graph.op("Concat", wide.name, graph.op("Sigmoid", wide.name), axis=at)
    new = beside(graph, x.axes[i][0], 2, graph.flip())
    return Value(name, (*x.axes[:at], (new,), *x.axes[at:]))


def halves(axis, size: int):
    """What an axis becomes where blocks of `size` are taken from it: the rest, and the block."""
    if len(axis) != 1 or axis[0].size % size:
        return None
    [part] = axis
    if part.size == size and not part.source:
        return (), (part,)
    rest, block = factors(part, size)
    return (rest,), (block,)


def pixels_to_channels(graph: Graph, x: Value) -> Value | None:
    """SpaceToDepth of any four axes."""
    if len(x.axes) != 4:
        return None
    size = graph.chance.choice([2, 2, 3])
    rows, columns = (halves(axis, size) for axis in x.axes[2:])
    if not rows or not columns:
        return None
    name = graph.op("SpaceToDepth", x.name, blocksize=size)
    return Value(name, (x.axes[0], rows[1] + columns[1] + x.axes[1], rows[0], columns[0]))


def channels_to_pixels(graph: Graph, x: Value) -> Value | None:
    """DepthToSpace of four axes whose second has two parts to spare, in either order, or of a
    picture."""
    if len(x.axes) != 4:
        return None
    channels = x.axes[1]
    if len(channels) == 1 and channels[0].kind == "C" and channels[0].size % 4 == 0:
        [part] = channels
        sizes = graph.chance.choice([[2, 2, part.size // 4], [part.size // 4, 2, 2]])
        channels = tuple(
            part._replace(key=(*part.key, i), size=size) for i, size in enumerate(sizes))
    if len(channels) < 2:
        return None
    ends = {"DCR": (channels[:2], channels[2:]), "CRD": (channels[-2:], channels[:-2])}
    mode = graph.chance.choice(list(ends))
    (down, right), rest = ends[mode]
    if down.size != right.size or down.source or right.source:
        return None
    name = graph.op("DepthToSpace", x.name, blocksize=down.size, mode=mode)
    return Value(name, (x.axes[0], rest, (*x.axes[2], down), (*x.axes[3], right)))


def phases(graph: Graph, x: Value) -> Value | None:
    """Pictures of every second pixel as a batch, convolved, and back: how TensorFlow writes
    dilation."""
    x = restored(graph, x)
    if not x.is_picture or any(side % 2 or side < 4 for side in x.shape[2:]):
        return None
    channels = x.shape[1]
    name = graph.op("Transpose", x.name, perm=[1, 0, 2, 3])
    name = graph.op("SpaceToDepth", name, blocksize=2)
    name = graph.op("Transpose", name, perm=[1, 0, 2, 3])
    kernel, options = graph.chance.choice([
        ((1, 1), {}), ((3, 3), {"pads": [1] * 4}), ((3, 3), {"pads": [2] * 4, "dilations": [2, 2]}),
        ((3, 3), {"pads": [1] * 4, "group": channels}),
        ((3, 3), {"pads": [0, 1, 2, 1], "group": channels})])
    if graph.flip(0.2):
        name = graph.op(
            graph.chance.choice(["MaxPool", "AveragePool"]), name, kernel_shape=[3, 3], pads=[1] * 4)
    else:
        name = graph.convolution(name, channels, channels, kernel, **options)
    name = graph.op("Relu", name) if graph.flip() else name
    name = graph.op("Transpose", name, perm=[1, 0, 2, 3])
    name = graph.op("DepthToSpace", name, blocksize=2, mode="DCR" if graph.flip(0.8) else "CRD")
    return Value(graph.op("Transpose", name, perm=[1, 0, 2, 3]), x.axes)
