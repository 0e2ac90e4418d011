"""Makes random graphs: a family of operations, some of these one after the other, and what stands
before and behind them in files."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from . import arithmetic, context, layouts, pictures
from .values import LARGEST_VALUE, Graph, Value, restored

OPERATIONS = {
    "convolve": pictures.convolve, "transposed": pictures.convolve_transposed,
    "pool": pictures.pool, "resize": pictures.resize, "join": pictures.join,
    "normalise": pictures.normalise, "focus": pictures.focus, "shuffle": pictures.shuffle,
    "gate": context.gate, "context": context.context, "attend": context.attend,
    "patches": context.patches,
    "split": layouts.split, "group": layouts.group, "merge": layouts.merge, "turn": layouts.turn,
    "back": layouts.back, "repeat": layouts.repeat, "pad": layouts.pad, "take": layouts.take,
    "combine": layouts.combine, "double": layouts.double, "stack": layouts.stack,
    "to channels": layouts.pixels_to_channels, "to pixels": layouts.channels_to_pixels,
    "phases": layouts.phases,
    "activate": arithmetic.activate, "slope": arithmetic.slope, "constant": arithmetic.constant,
    "spread": arithmetic.spread, "centre": arithmetic.centre, "reduce": arithmetic.reduce,
    "softmax": arithmetic.softmax, "instances": arithmetic.normalise_instances,
    "layer": arithmetic.normalise_layer, "itself": arithmetic.multiply_by_itself,
    "dense": arithmetic.dense, "global": arithmetic.pool_globally,
    "earlier": arithmetic.with_earlier, "nothing": arithmetic.nothing,
}

#: What a graph is made of: its family's operations, those that are named twice twice as often.
FAMILIES = {
    "pictures": [
        "convolve", "convolve", "convolve", "transposed", "pool", "resize", "join", "join",
        "normalise", "gate", "context", "attend", "focus", "shuffle", "to pixels", "activate",
        "slope", "take", "pad", "softmax", "nothing"],
    "groups": [
        "group", "group", "turn", "centre", "centre", "constant", "spread", "reduce", "back",
        "convolve", "earlier", "merge", "instances", "slope"],
    "repeats": [
        "repeat", "repeat", "repeat", "turn", "split", "group", "back", "merge", "pad", "activate",
        "centre", "earlier"],
    "parts": [
        "group", "group", "turn", "turn", "take", "take", "combine", "double", "stack", "pad",
        "pad", "merge", "back", "activate", "softmax"],
    "sequences": [
        "group", "turn", "merge", "merge", "split", "itself", "attend", "attend", "patches", "softmax",
        "dense", "centre", "layer", "take", "back", "constant"],
    "phases": [
        "split", "split", "turn", "turn", "merge", "to channels", "to pixels", "phases", "patches",
        "convolve", "itself", "back", "pad", "constant", "instances"],
    "layouts": [
        "turn", "turn", "pad", "pad", "convolve", "slope", "instances", "global", "dense", "take",
        "merge", "split", "double", "to channels", "centre"],
    "all": list(OPERATIONS),
}

ENDINGS = [*["scores"] * 7, "softmax", "sigmoid", "labels", "labels"]
SIDES = [(12, 16), (8, 12), (12, 12), (8, 8), (6, 10), (16, 24)]
#: Where channels, rows and columns are as many, what confuses them has the right shape all the
#: same: only the values are wrong.
SQUARE_SIDES = [4, 6, 8, 12, 16]


@dataclass
class Made:
    """A graph and what is to be known of it to compare results."""

    model: onnx.ModelProto
    family: str
    #: How many operations were drawn, and those that fitted, by their places among them.
    drawn: int
    steps: dict[int, str]
    #: Rows and columns; where the graph leaves them open, those that it was made with.
    size: tuple[int, int]
    is_open: bool
    #: Of the input: H×W×C, and bytes.
    is_last: bool
    is_bytes: bool
    #: Of the output: H×W×C.
    scores_are_last: bool
    ending: str
    #: The value that ArgMax takes, or the output.
    scores: str


def make(
    seed: int, index: int, square: bool = False, left_out: frozenset[int] = frozenset(),
) -> Made:
    """The graph of this index, without the steps `left_out`. What is drawn for one step does not
    depend on the others."""
    def chance_of(what) -> random.Random:
        return random.Random(f"{seed} {index} {square} {what}")

    chance = chance_of("graph")
    family = chance.choice(list(FAMILIES))
    count = chance.choice([1, 2, 3, 4, 6, 8, 10, 12])
    drawn = [chance.choice(FAMILIES[family]) for _ in range(count)]
    channels = chance.choice(SQUARE_SIDES if square else [6, 8, 12, 12, 16])
    rows, columns = chance.choice(SIDES)
    if square:
        rows, columns = channels, chance.choice([channels, channels, channels, 8])
    is_open = chance.random() < (0.8 if family == "pictures" else 0.3)
    if is_open and not square:  # room for strides
        rows, columns = 2 * rows, 2 * columns
    layout = chance.choice(["first", "first", "first", "last", "bytes"])
    ending, classes = chance.choice(ENDINGS), chance.choice([2, 2, 3, 3, 5, 5, channels, 1])
    if classes == 1 and ending != "sigmoid":  # of one there is nothing to choose
        ending = "scores"
    graph = Graph(chance, opset=chance.choice([13, 16, 17, 18, 20, 21]), is_open=is_open)

    first = begin(graph, layout, channels, rows, columns)
    graph.kept.append(first)
    value, steps = first, {}
    for place, name in enumerate(drawn):
        if place in left_out:
            continue
        graph.chance, mark = chance_of(place), graph.mark()
        result = OPERATIONS[name](graph, value)
        if result in (None, value) or math.prod(result.shape) > LARGEST_VALUE:
            graph.undo(mark)
            continue
        value, steps[place] = result, name
        graph.kept.append(value)
    graph.chance = chance_of("end")
    scores_are_last = layout != "first" and graph.flip(0.7)
    scores, output, rank = end(graph, first, value, ending, classes, scores_are_last)
    model = finished(graph, layout, rows, columns, helper.make_tensor_value_info(
        output, TensorProto.INT64 if ending == "labels" else TensorProto.FLOAT,
        [1, *[None] * (rank - 1)]))
    return Made(
        model, family, count, steps, (rows, columns), is_open, layout != "first", layout == "bytes",
        scores_are_last, ending, scores)


def begin(graph: Graph, layout: str, channels: int, rows: int, columns: int) -> Value:
    """The input as N×C×H×W, and a convolution of it, after which it has the channels of a graph."""
    name, axis = "input", 1 if layout == "first" else 3
    if layout == "bytes":
        name = graph.op("Cast", name, to=TensorProto.FLOAT)
        name = graph.op("Mul", name, graph.constant(1 / 255))
    if graph.flip(0.2):
        name = reversed_colours(graph, name, axis)
    if graph.flip(0.2):  # with means and deviations of its own
        shape = [3] if axis == 3 else [1, 3, 1, 1] if graph.flip() else [3, 1, 1]
        name = graph.op("Sub", name, graph.noise(shape, 0.2, 0.4))
        name = graph.op("Div", name, graph.constant(np.full(shape, 0.25)))
    if layout != "first":
        name = graph.op("Transpose", name, perm=[0, 3, 1, 2])
    name = graph.convolution(name, 3, channels, (3, 3), pads=[1] * 4)
    return graph.picture(name, channels, rows, columns)


def reversed_colours(graph: Graph, name: str, axis: int) -> str:
    """Blue, green, red, as OpenCV's pictures are."""
    way = graph.chance.choice(["indices", "backwards", "parts"])
    if way == "indices":
        return graph.op("Gather", name, graph.integers([2, 1, 0]), axis=axis)
    if way == "backwards":
        terms = [graph.integers([each]) for each in (-1, -2**31, axis, -1)]
        return graph.op("Slice", name, *terms)
    parts = graph.split(name, axis, 3)
    return graph.op("Concat", *parts[::-1], axis=axis)


def end(
    graph: Graph, first: Value, value: Value, ending: str, classes: int, is_last: bool,
) -> tuple[str, str, int]:
    """The names of scores of the input's size, and of the output, which has so many axes."""
    value = restored(graph, value)
    channels = value.shape[1]
    is_mean = not value.is_picture  # over rows, columns or both
    if is_mean and any(axis not in ((), own) for axis, own in zip(value.axes[2:], first.axes[2:])):
        places = [axis[0] if axis else 1 for axis in value.axes[2:]]
        value = graph.picture(value.name, channels, *places)
    if value.is_picture and value.axes[2:] != first.axes[2:]:
        value = pictures.resized_to(graph, value, first)
    if is_mean:
        name = graph.convolution(first.name, first.shape[1], channels)
        value = graph.picture(
            graph.op("Mul", name, value.name), channels, *pictures.sides(first))
    scores = graph.convolution(value.name, channels, classes)
    if is_last:
        scores = graph.op("Transpose", scores, perm=[0, 2, 3, 1])
    axis = 3 if is_last else 1
    if ending == "labels":
        keep = graph.chance.randrange(2)
        return scores, graph.op("ArgMax", scores, axis=axis, keepdims=keep), 3 + keep
    if ending == "softmax":
        scores = graph.op("Softmax", scores, axis=axis)
    elif ending == "sigmoid":
        scores = graph.op("Sigmoid", scores)
    return scores, scores, 4


def finished(
    graph: Graph, layout: str, rows: int, columns: int, output: onnx.ValueInfoProto,
) -> onnx.ModelProto:
    sides = ["height", "width"] if graph.is_open else [rows, columns]
    shape = [1, 3, *sides] if layout == "first" else [1, *sides, 3]
    kind = TensorProto.UINT8 if layout == "bytes" else TensorProto.FLOAT
    whole = helper.make_graph(
        graph.nodes, "random", [helper.make_tensor_value_info("input", kind, shape)], [output],
        graph.weights)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", graph.opset)])
    model.ir_version = 10
    return model
