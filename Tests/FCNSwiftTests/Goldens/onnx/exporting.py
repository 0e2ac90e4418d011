"""Has PyTorch's exporters write tiny networks."""

import contextlib
import io
import pathlib
import tempfile

import onnx
import torch
from torch import nn

FIRST, SECOND = (9, 13), (10, 14)
CASES = []


def case(name, exporter, opset, shows, fixed=False, size=FIRST, second=False, half=False, raw=False,
         **options):
    """Exports what the decorated function makes, for open sizes unless `fixed`; it is run at a `second`
    one where that can make a difference."""
    def add(make):
        def export():
            torch.manual_seed(sum(name.encode()))
            network = make().eval().requires_grad_(False)
            randomize(network)
            # Another size than the goldens': nothing may depend on it.
            example = torch.randn(1, options.get("channels", 3), *(size if fixed else (12, 20)))
            if half:
                network, example = network.half(), example.half()
            writer = through_script if exporter == "ts" else through_dynamo
            return written_by(writer, network, example, opset, fixed, raw)

        CASES.append({
            "name": f"{name}-{exporter}{opset}", "result": name, "shows": shows, "make": export,
            "sizes": [size, SECOND] if second else [size], **options})
        return make
    return add


def both(name, ts, dynamo, shows, **options):
    """By both exporters, of an opset each."""
    def add(make):
        case(name, "ts", ts, shows, **options)(make)
        return case(name, "dynamo", dynamo, shows, **options)(make)
    return add


def randomize(network):
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.uniform_(module.weight, 0.7, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 1.5)


def written_by(writer, network, example, opset, fixed, raw):
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = pathlib.Path(folder) / "network.onnx"
        writer(network, example, path, opset, fixed, raw)
        return shortened(onnx.load(path))


def shortened(model):
    """With numbers for names, which are most of so small a file."""
    kept = {value.name for value in [*model.graph.input, *model.graph.output]}
    numbers = {}

    def short(name):
        if not name or name in kept:
            return name
        return numbers.setdefault(name, str(len(numbers)))

    for tensor in model.graph.initializer:
        tensor.name = short(tensor.name)
    for i, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{i}"
        node.input[:] = [short(name) for name in node.input]
        node.output[:] = [short(name) for name in node.output]
    # Branches take values from outside.
    for branch in (part.g for node in model.graph.node for part in node.attribute if part.HasField("g")):
        for node in branch.node:
            node.input[:] = [numbers.get(name, name) for name in node.input]
    return model


def through_script(network, example, path, opset, fixed, raw):
    options = {}
    if raw:
        options = {"do_constant_folding": False, "training": torch.onnx.TrainingMode.PRESERVE}
    outputs = network(example)
    names = ["scores", "auxiliary"] if isinstance(outputs, tuple) else ["scores"]
    if not fixed:
        options["dynamic_axes"] = {"input": {2: "height", 3: "width"}}
    torch.onnx.export(
        network, (example,), path, dynamo=False, opset_version=opset, input_names=["input"],
        output_names=names, **options)


def through_dynamo(network, example, path, opset, fixed, raw):
    outputs = network(example)
    names = ["scores", "auxiliary"] if isinstance(outputs, tuple) else ["scores"]
    free = torch.export.Dim.DYNAMIC
    torch.onnx.export(
        network, (example,), path, dynamo=True, opset_version=opset, input_names=["input"],
        output_names=names, optimize=not raw, external_data=False, verbose=False,
        dynamic_shapes=None if fixed else ({2: free, 3: free},))
