"""What exporters compute with values in any layout: constants, means, gates, products of matrices.

Each takes the graph and a value and returns the value after it, or None where it does not fit.
"""

from __future__ import annotations

import math

from onnx import TensorProto

from .context import layer_normalised
from .layouts import MOST_AXES, beside, unsqueezed
from .values import Graph, Value


def some(graph: Graph, sizes: list[int], part: float = 0.5) -> list[int]:
    """A shape that spreads over one of these sizes: ones by chance, and by chance no leading
    ones."""
    sizes = [size if graph.flip(part) else 1 for size in sizes]
    if graph.flip(0.4):
        while len(sizes) > 1 and sizes[0] == 1:
            sizes = sizes[1:]
    return sizes


#: Activations with the opset that first has them.
LATER = {"HardSwish": 14, "Mish": 18, "Gelu": 20}


def activate(graph: Graph, x: Value) -> Value:
    kind = graph.chance.choice([
        "Relu", "Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu", "HardSigmoid", "Softplus", "Clip",
        "Abs", "swish", "gelu", "hard swish",
        *(kind for kind, opset in LATER.items() if graph.opset >= opset)])
    if kind == "swish":
        name = graph.op("Mul", x.name, graph.op("Sigmoid", x.name))
    elif kind == "gelu":
        name = graph.op("Erf", graph.op("Div", x.name, graph.constant(math.sqrt(2))))
        name = graph.op("Mul", x.name, graph.op("Add", name, graph.constant(1)))
        name = graph.op("Mul", name, graph.constant(0.5))
    elif kind == "hard swish":
        name = graph.op("Add", x.name, graph.constant(3))
        name = graph.op("Clip", name, graph.constant(0), graph.constant(6))
        name = graph.op("Mul", x.name, graph.op("Div", name, graph.constant(6)))
    elif kind == "Clip":
        name = graph.op("Clip", x.name, graph.constant(0), graph.constant(6))
    else:
        name = graph.op(kind, x.name)
    return Value(name, x.axes)


def slope(graph: Graph, x: Value) -> Value:
    """PRelu, its slopes along any axes."""
    return Value(
        graph.op("PRelu", x.name, graph.noise(some(graph, x.constant_shape, 0.4))), x.axes)


def constant(graph: Graph, x: Value) -> Value:
    """A weight, along any axes, before or behind."""
    inputs = [x.name, graph.noise(some(graph, x.constant_shape), 0.7)]
    if graph.flip(0.3):
        inputs.reverse()
    return Value(graph.op(graph.chance.choice(["Add", "Mul", "Sub"]), *inputs), x.axes)


def spread(graph: Graph, x: Value) -> Value | None:
    """A weight that has more than one along an axis that `x` has one of: channels of their own."""
    if graph.flip() and len(x.axes) <= MOST_AXES:
        x = unsqueezed(graph, x, graph.chance.randrange(1, len(x.axes) + 1))
    places = [i for i, axis in enumerate(x.axes) if not axis and i]
    near = [axis[-1] for axis in x.axes if axis and axis[-1].kind == "C"]
    if not places or not near:
        return None
    i, count = graph.chance.choice(places), graph.chance.choice([2, 3])
    sizes = [size if graph.flip() else 1 for size in x.constant_shape]
    sizes[i] = count
    new = beside(graph, graph.chance.choice(near), count, graph.flip(0.7))
    name = graph.op(graph.chance.choice(["Add", "Mul", "Sub"]), x.name, graph.noise(sizes))
    return Value(name, (*x.axes[:i], (new,), *x.axes[i + 1:]))


def reduced(graph: Graph, x: Value, axes: list[int], keep: bool, kind: str) -> Value:
    named = [axis if graph.flip(0.7) else axis - len(x.axes) for axis in axes]
    name = graph.reduce(kind, x.name, named, keep)
    if kind == "ReduceSum":  # of whole pictures they would be of another size than all else
        name = graph.op("Mul", name, graph.constant(1 / math.prod(x.shape[i] for i in axes)))
    return Value(name, tuple(
        () if i in axes else axis for i, axis in enumerate(x.axes) if keep or i not in axes))


def several(graph: Graph, x: Value, most: int) -> list[int]:
    """Some of the axes, but not all."""
    count = min(graph.chance.choice([1, 1, 2, 2, 3]), most, len(x.axes) - 1)
    return sorted(graph.chance.sample(range(len(x.axes)), count))


def centre(graph: Graph, x: Value) -> Value | None:
    """With its own means, sums or maxima over some axes: added, taken away, multiplied or divided
    by."""
    if len(x.axes) < 2:
        return None
    axes = several(graph, x, 3)
    kind = graph.chance.choice(["ReduceMean", "ReduceMean", "ReduceSum", "ReduceMax"])
    mean = reduced(graph, x, axes, True, kind)
    how = graph.chance.choice(["Add", "Sub", "Mul", "Div"])
    if how == "Div":
        name = graph.op("Add", graph.op("Sigmoid", mean.name), graph.constant(0.2))
        mean = Value(name, mean.axes)
    if graph.flip(0.3):
        mean = constant(graph, mean)
    inputs = [x.name, mean.name]
    if how != "Div" and graph.flip(0.4):
        inputs.reverse()
    return Value(graph.op(how, *inputs), x.axes)


def reduce(graph: Graph, x: Value) -> Value | None:
    """Means over one or two axes, of which channels remain."""
    if len(x.axes) < 3:
        return None
    axes = several(graph, x, 2)
    if not any(part.kind == "C" for i, axis in enumerate(x.axes) if i not in axes for part in axis):
        return None
    kind = graph.chance.choice(["ReduceMean", "ReduceSum", "ReduceMax"])
    return reduced(graph, x, axes, graph.flip(), kind)


def softmax(graph: Graph, x: Value) -> Value:
    scaled = graph.op("Mul", x.name, graph.constant(3))
    axis = graph.chance.randrange(-len(x.axes), len(x.axes))
    return Value(graph.op("Softmax", scaled, axis=axis), x.axes)


def normalise_instances(graph: Graph, x: Value) -> Value | None:
    """What the second axis tells apart, over all behind it."""
    if not 3 <= len(x.axes) <= 5 or any(part.source for part in x.axes[1]):
        return None
    count = x.shape[1]
    return Value(
        graph.op(
            "InstanceNormalization", x.name, graph.noise([count], 0.2, 1), graph.noise([count]),
            epsilon=1e-2),
        x.axes)


def normalise_layer(graph: Graph, x: Value) -> Value | None:
    if any(part.source for part in x.axes[-1]) or x.shape[-1] < 3:
        return None
    return layer_normalised(graph, x)


def multiply_by_itself(graph: Graph, x: Value) -> Value | None:
    """Attention of what lies along the last axis but one, or along the last."""
    if len(x.axes) < 3 or max(x.shape[-2:]) > 400:
        return None
    order = list(range(len(x.axes)))
    order[-2:] = order[:-3:-1]
    keys = graph.op("Sigmoid", x.name)
    queries = graph.op("Mul", x.name, graph.constant(0.7)) if graph.flip() else x.name
    if graph.flip():
        products = graph.op("MatMul", queries, graph.op("Transpose", keys, perm=order))
        name = graph.op("MatMul", graph.op("Softmax", products, axis=-1), x.name)
    else:
        products = graph.op("MatMul", graph.op("Transpose", queries, perm=order), keys)
        # Over all pixels sums would be large, and a softmax of them ones and zeros.
        products = graph.op("Mul", products, graph.constant(x.shape[-2] ** -0.5))
        name = graph.op("MatMul", x.name, graph.op("Softmax", products, axis=-1))
    return Value(name, x.axes)


def dense(graph: Graph, x: Value) -> Value | None:
    """A linear layer, where channels alone lie along the last axis."""
    last = x.axes[-1]
    if not last or any(part.kind != "C" for part in last):
        return None
    count = x.shape[-1]
    outputs = graph.chance.choice([count, count, 2, 4, 6])
    name = graph.op("MatMul", x.name, graph.noise([count, outputs], count ** -0.5))
    if graph.flip():
        name = graph.op("Add", name, graph.noise([outputs], 0.1))
    return Value(name, (*x.axes[:-1], (last[0]._replace(size=outputs),)))


def pool_globally(graph: Graph, x: Value) -> Value | None:
    if not 3 <= len(x.axes) <= 5:
        return None
    kind = graph.chance.choice(["GlobalAveragePool", "GlobalAveragePool", "GlobalMaxPool"])
    name = graph.op("Sigmoid", graph.op(kind, x.name))
    return Value(graph.op(graph.chance.choice(["Mul", "Add"]), x.name, name), x.axes)


def with_earlier(graph: Graph, x: Value) -> Value | None:
    """With an earlier value whose axes are the same or have one."""
    found = [
        each for each in graph.kept
        if len(each.axes) <= len(x.axes) and each.name != x.name and all(
            not own or own == axis for own, axis in zip(each.axes[::-1], x.axes[::-1]))]
    if not found:
        return None
    inputs = [x.name, graph.chance.choice(found).name]
    if graph.flip(0.4):
        inputs.reverse()
    return Value(graph.op(graph.chance.choice(["Add", "Sub", "Mul"]), *inputs), x.axes)


def nothing(graph: Graph, x: Value) -> Value:
    """What changes no value, as exporters leave it."""
    way = graph.chance.choice(["Identity", "Dropout", "Cast", "Reshape", "Unsqueeze", "Transpose"])
    if way in ("Identity", "Dropout"):
        return Value(graph.op(way, x.name), x.axes)
    if way == "Cast":
        return Value(graph.op(way, x.name, to=TensorProto.FLOAT), x.axes)
    if way == "Reshape":
        return graph.reshaped(x, x.axes)
    if way == "Unsqueeze":
        at = graph.integers([graph.chance.randrange(len(x.axes) + 1)])
        return Value(graph.op("Squeeze", graph.op(way, x.name, at), at), x.axes)
    order = list(range(len(x.axes)))
    graph.chance.shuffle(order)
    return graph.transposed(graph.transposed(x, order), [order.index(i) for i in range(len(order))])
