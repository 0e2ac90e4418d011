"""Values of a graph that is being made, and the graph itself: nodes, weights and choices of chance.

A value knows of each of its axes which parts of the picture's channels, rows and columns lie along
it, so that whatever was split, merged and turned can be brought back to a picture.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

#: The axes of a picture, batch first.
KINDS = "CHW"
#: The most numbers that a value may have.
LARGEST_VALUE = 100_000


class Part(NamedTuple):
    """All channels, rows or columns (`kind` "C", "H" or "W"), or a factor of their count: `key` is
    its place among those of its kind, the slowest first."""

    kind: str
    key: tuple[float, ...]
    size: int
    #: What tells the size where the graph leaves it open: the axis of a value, or another such
    #: source with what it is divided by. Empty where `size` is the only one; else that is an
    #: example.
    source: tuple = ()


@dataclass(frozen=True)
class Value:
    name: str
    axes: tuple[tuple[Part, ...], ...]

    @property
    def shape(self) -> list[int]:
        return [math.prod(part.size for part in axis) for axis in self.axes]

    @property
    def parts(self) -> list[Part]:
        return [part for axis in self.axes for part in axis]

    @property
    def is_picture(self) -> bool:
        """Whether it is N×C×H×W, rows and columns in one piece."""
        return [[part.kind for part in axis] for axis in self.axes[:1] + self.axes[2:]] == [
            [], ["H"], ["W"]] and {part.kind for part in self.axes[1]} <= {"C"}

    @property
    def constant_shape(self) -> list[int]:
        """Its shape, one where sizes are open: what a weight's may be."""
        return [
            1 if any(part.source for part in axis) else size
            for axis, size in zip(self.axes, self.shape)]

    def axes_of(self, kinds: str, least: int = 1) -> list[int]:
        """The axes along which one part of these kinds lies by itself, of fixed size."""
        return [
            i for i, axis in enumerate(self.axes)
            if len(axis) == 1 and axis[0].kind in kinds and axis[0].size >= least
            and not axis[0].source]

    def with_size(self, i: int, size: int) -> tuple[tuple[Part, ...], ...]:
        """Its axes, the part of axis `i` of another size."""
        part = self.axes[i][0]._replace(size=size, source=())
        return (*self.axes[:i], (part,), *self.axes[i + 1:])


@dataclass
class Graph:
    """The graph as far as it is made."""

    chance: random.Random
    opset: int
    is_open: bool
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    #: Earlier values, that later ones may be put together with.
    kept: list[Value] = field(default_factory=list)
    #: Names of sizes that the graph has read already.
    extents: dict[tuple, str] = field(default_factory=dict)
    count: int = 0

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def flip(self, probability: float = 0.5) -> bool:
        return self.chance.random() < probability

    def place(self) -> float:
        """A part of a key that no other has, from 0 to 1."""
        self.count += 1
        return self.count / 10_000

    def mark(self) -> tuple:
        """What undo() takes to forget all that is added from now on."""
        return len(self.nodes), len(self.weights), dict(self.extents)

    def undo(self, mark: tuple) -> None:
        nodes, weights, self.extents = mark
        del self.nodes[nodes:], self.weights[weights:]

    # Constants.

    def constant(self, values, kind=np.float32) -> str:
        name = self.name()
        self.weights.append(numpy_helper.from_array(np.array(values, kind), name))
        return name

    def integers(self, values) -> str:
        return self.constant(values, np.int64)

    def noise(self, shape, scale: float = 0.5, middle: float = 0) -> str:
        numbers = np.random.RandomState(self.chance.getrandbits(32)).standard_normal(list(shape))
        return self.constant(middle + numbers * scale)

    # Nodes.

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes):
        """Adds a node: the name of its output, or a list of several."""
        names = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def convolution(
        self, x: str, inputs: int, outputs: int, kernel=(1, 1), group: int = 1, **attributes
    ) -> str:
        fan_in = inputs // group * math.prod(kernel)
        terms = [self.noise([outputs, inputs // group, *kernel], fan_in ** -0.5)]
        terms += [self.noise([outputs], 0.1)] if self.flip(0.8) else []
        return self.op("Conv", x, *terms, kernel_shape=list(kernel), group=group, **attributes)

    def reduce(self, kind: str, x: str, axes: list[int], keep: bool) -> str:
        """`kind` of these axes; they were an attribute up to opset 17, of sums up to 12."""
        if self.opset >= 18 or kind == "ReduceSum":
            return self.op(kind, x, self.integers(axes), keepdims=int(keep))
        return self.op(kind, x, axes=axes, keepdims=int(keep))

    def split(self, x: str, axis: int, outputs: int, sizes: list[int] | None = None) -> list[str]:
        if sizes:
            return self.op("Split", x, self.integers(sizes), outputs=outputs, axis=axis)
        attributes = {"num_outputs": outputs} if self.opset >= 18 else {}
        return self.op("Split", x, outputs=outputs, axis=axis, **attributes)

    # Shapes.

    def extent(self, source: tuple) -> str:
        """The name of one integer: the size that `source` tells."""
        if source not in self.extents:
            first, last = source
            if isinstance(first, str):
                name = self.op(
                    "Gather", self.op("Shape", first), self.integers([last]), axis=0)
            else:
                name = self.op("Div", self.extent(first), self.integers([last]))
            self.extents[source] = name
        return self.extents[source]

    def shape(self, axes, in_full: bool = False) -> str:
        """The shape of a value of these axes, as an input of Reshape: numbers where all are known,
        -1 for one that is not (not `in_full`), else put together of sizes that the graph reads."""
        sizes = [math.prod(part.size for part in axis) for axis in axes]
        unknown = [i for i, axis in enumerate(axes) if any(part.source for part in axis)]
        if len(unknown) <= 1 and self.flip(0.6) and not in_full:
            for i in unknown or ([self.chance.randrange(len(sizes))] if self.flip(0.3) else []):
                sizes[i] = -1
            unknown = []
        if not unknown:
            return self.integers(sizes)
        pieces = []
        for i, axis in enumerate(axes):
            open_parts = [part for part in axis if part.source]
            known = math.prod(part.size for part in axis if not part.source)
            names = [self.extent(part.source) for part in open_parts]
            names += [self.integers([known])] if known > 1 or not names else []
            product = names[0]
            for name in names[1:]:
                product = self.op("Mul", product, name)
            pieces.append(product)
        return self.op("Concat", *pieces, axis=0)

    def reshaped(self, x: Value, axes) -> Value:
        axes = tuple(tuple(axis) for axis in axes)
        return Value(self.op("Reshape", x.name, self.shape(axes)), axes)

    def transposed(self, x: Value, order: list[int]) -> Value:
        return Value(
            self.op("Transpose", x.name, perm=order), tuple(x.axes[i] for i in order))

    def picture(self, name: str, channels: int, rows: Part | int, columns: Part | int) -> Value:
        """The N×C×H×W value of this name: its rows and columns are those of another value, or so
        many, which the graph leaves open as it does the input's."""
        axes = [(), (Part("C", (0,), channels),) if channels > 1 else ()]
        for axis, (kind, side) in enumerate(zip("HW", (rows, columns)), 2):
            if isinstance(side, int):
                source = (name, axis) if self.is_open else ()
                side = Part(kind, (0,), side, source)
            axes.append((side,))
        return Value(name, tuple(axes))


def restored(graph: Graph, x: Value) -> Value:
    """`x` as N×C×H×W again, by a reshape, a transpose and a reshape, whichever it takes."""
    if x.is_picture and len(x.axes[1]) <= 1:
        return x
    if any(len(axis) != 1 for axis in x.axes) and x.parts:
        x = graph.reshaped(x, [[part] for part in x.parts])
    order = sorted(
        range(len(x.axes)),
        key=lambda i: (KINDS.index(x.axes[i][0].kind), x.axes[i][0].key) if x.axes[i] else (-1, ()))
    if order != list(range(len(order))):
        x = graph.transposed(x, order)
    of_kind = {kind: [part for part in x.parts if part.kind == kind] for kind in KINDS}
    x = graph.reshaped(x, [[], *of_kind.values()])
    axes = [()]
    for i, (kind, parts) in enumerate(of_kind.items(), 1):
        sources = [part.source for part in parts if part.source]
        # One part that has not changed stays what it is: others of these rows and columns fit it.
        whole = parts[0] if len(parts) == 1 else Part(
            kind, (0,), x.shape[i], (x.name, i) if sources else ())
        axes.append((whole._replace(key=(0,)),) if parts else ())
    return Value(x.name, tuple(axes))
