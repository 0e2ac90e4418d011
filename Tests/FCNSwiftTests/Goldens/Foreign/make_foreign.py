#!/usr/bin/env python3
"""Makes the files of weights here, as PyTorch and NumPy (which Chainer saves with) write them.

    pip install torch numpy && python3 make_foreign.py

foreign.json says what is in each: names, shapes and element types in order. Element j, in row-major
order, of the tensor whose number is i is `value(i, j)`. Files whose name begins with "refused-" are
not to be read.
"""

import argparse
import collections
import io
import json
import os
import pathlib
import pickle
import struct
import zipfile

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
TYPES = {
    torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64",
    np.dtype("f4"): "F32", np.dtype("f2"): "F16", np.dtype("f8"): "F64",
}


def value(i, j):
    """Quarters from -8 to 16.75, which every type holds exactly."""
    return (7 * i + j) % 100 / 4 - 8


def values(i, shape):
    count = int(np.prod(shape, dtype=int))
    return np.array([value(i, j) for j in range(count)], np.float32).reshape(shape)


def tensor(i, shape, dtype=torch.float32):
    return torch.tensor(values(i, shape)).to(dtype)


def expectation(tensors):
    """Of numbers and arrays by name."""
    return [
        {"name": name, "number": i, "shape": list(array.shape), "type": TYPES[array.dtype]}
        for name, (i, array) in tensors.items()]


# PyTorch


def state_dict():
    """Tensors of every kind, and what is expected to be read of them."""
    shared = torch.zeros(20)
    shared[:6] = tensor(4, (6,))
    shared[8:20] = tensor(5, (12,))
    strided = torch.zeros(4, 6)
    strided[1:4, ::2] = tensor(6, (3, 3))
    floats = {
        "features.0.weight": (0, tensor(0, (2, 3, 3, 3))),
        "features.0.bias": (1, tensor(1, (2,), torch.float16)),
        "brain": (2, tensor(2, (3, 2), torch.bfloat16)),
        "double": (3, tensor(3, (5,), torch.float64)),
        "shared.first": (4, shared[:6].reshape(2, 3)),
        "shared.second": (5, shared[8:20].reshape(3, 4)),
        "strided": (6, strided[1:4, ::2]),
        "transposed": (7, tensor(7, (2, 4)).t().contiguous().t()),
        "transposed.half": (8, tensor(8, (3, 2, 4), torch.float16).transpose(0, 2).contiguous()
                            .transpose(0, 2)),
        "expanded": (9, tensor(9, (1,)).expand(1, 1)),
        "parameter": (10, torch.nn.Parameter(tensor(10, (4,)))),
        "scalar": (11, tensor(11, ())),
        "empty": (12, tensor(12, (0, 3))),
        "channels_last": (13, tensor(13, (2, 3, 2, 2)).contiguous(
            memory_format=torch.channels_last)),
    }
    assert all(torch.equal(t.detach().float(), torch.tensor(values(i, t.shape)))
               for i, t in floats.values())
    state = collections.OrderedDict((name, t) for name, (_, t) in floats.items())
    state["batch.num_batches_tracked"] = torch.tensor(5)
    state["mask"] = torch.tensor([True, False])
    state["small"] = torch.ones(2).to(torch.float8_e4m3fn)
    state._metadata = {"": {"version": 1}}
    return state, expectation(floats)


def checkpoint(prefix=""):
    """What a training script saves, with an optimizer's state that must not be taken for it."""
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(2, 2)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2])
    shapes = {"0.weight": (3, 2), "0.bias": (3,), "1.weight": (3,), "1.running_mean": (3,)}
    floats = {name: (i, tensor(i, shape)) for i, (name, shape) in enumerate(shapes.items())}
    state = {prefix + name: t for name, (_, t) in floats.items()}
    state[prefix + "1.num_batches_tracked"] = torch.tensor(3)
    return {
        "epoch": 7, "best_mean_iu": np.float64(0.65), "iteration": 10**30, "lr": 1e-4,
        "args": argparse.Namespace(data="VOC", device=torch.device("cpu"), lr=0.1),
        "arch": "FCN8s", "optim_state_dict": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(), "model_state_dict": state,
        "rng": torch.tensor([1, 2], dtype=torch.uint8), "history": np.arange(3.0),
        "loss": torch.tensor(0.5), "dtype": torch.float16, "size": torch.Size([1, 2]),
        "sets": [{1, 2}, frozenset([1]), 1j, b"bytes", None],
        "counts": collections.defaultdict(int, a=1),
    }, expectation(floats)


def save(name, what, zipped=True, **options):
    torch.save(what, HERE / name, _use_new_zipfile_serialization=zipped, **options)


def repack(source, target):
    """The same archive, deflated and written to something that cannot go back."""
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.content = b""

        def writable(self):
            return True

        def write(self, data):
            self.content += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(HERE / source) as old, zipfile.ZipFile(pipe, "w") as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item), zipfile.ZIP_DEFLATED)
    (HERE / target).write_bytes(pipe.content)


def python2():
    """A file as PyTorch 0.1 wrote it under Python 2: byte strings, a dictionary of pairs, a storage
    that is part of another, a parameter of the time."""
    def text(string):
        return b"U" + bytes([len(string)]) + string.encode()

    def number(n):
        return b"K" + bytes([n])

    def built(view, offset, shape, stride):
        storage = (b"((" + text("storage") + b"ctorch\nFloatStorage\n" + text("94025") + text("cpu")
                   + number(12) + view + b"tQ")
        return (b"ctorch._utils\n_rebuild_tensor\n" + storage + number(offset)
                + b"(" + b"".join(map(number, shape)) + b"t"
                + b"(" + b"".join(map(number, stride)) + b"ttR")

    view = b"(" + text("94099") + number(6) + number(6) + b"t"
    plain = built(b"N", 0, (2, 3), (3, 1))
    parameter = (b"ctorch.nn.parameter\nParameter\n" + built(view, 1, (4,), (1,))
                 + b"\x85R(\x88\x89ccollections\nOrderedDict\n)Rtb")
    pairs = (b"](](" + text("conv.weight") + plain + b"e](" + text("conv.bias") + parameter
             + b"ee")
    preamble = [pickle.dumps(0x1950A86A20F9469CFC6C, 2), pickle.dumps(1001, 2),
                b"\x80\x02}(" + text("little_endian") + b"\x88u."]
    body = b"\x80\x02ccollections\nOrderedDict\n" + pairs + b"\x85R."
    keys = b"\x80\x02](" + text("94025") + b"e."
    stored = list(values(0, (6,))) + [0.0] + list(values(1, (4,))) + [0.0]
    data = struct.pack("<q", 12) + np.array(stored, "<f4").tobytes()
    (HERE / "python2.pth").write_bytes(b"".join(preamble) + body + keys + data)
    return expectation({
        "conv.weight": (0, values(0, (2, 3))), "conv.bias": (1, values(1, (4,)))})


class Network(torch.nn.Module):
    pass


class Attack:
    def __reduce__(self):
        return os.system, ("touch /tmp/fcn-was-run",)


def refused():
    save("refused-system.pth", {"model": Attack()})
    save("refused-system-legacy.pth", {"model": Attack()}, zipped=False)
    save("refused-system-protocol4.pth", {"model": Attack()}, pickle_protocol=4)
    (HERE / "refused-system.pkl").write_bytes(pickle.dumps(Attack()))
    (HERE / "refused-plain.pkl").write_bytes(pickle.dumps({"a": [1.0]}))
    save("refused-module.pth", Network())
    save("refused-module-legacy.pth", Network(), zipped=False)
    save("refused-tensor.pth", torch.ones(1))
    save("refused-list.pth", [torch.ones(1)], zipped=False)
    save("refused-several.pth",
         {"generator": {"a": torch.ones(1)}, "critic": {"a": torch.ones(1)}}, zipped=False)
    save("refused-integers.pth", {"epoch": 1, "steps": torch.tensor(1)}, zipped=False)
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), str(HERE / "refused-script.pt"))
    with zipfile.ZipFile(HERE / "refused-tensor.pth") as old, \
            zipfile.ZipFile(HERE / "refused-big.pth", "w") as new:
        for item in old.infolist():
            data = old.read(item)
            new.writestr(item.filename, b"big" if item.filename.endswith("byteorder") else data)
    np.savez(HERE / "refused-big.npz", a=np.ones(2, ">f4"))
    np.savez(HERE / "refused-twice.npz", **{"conv/W": np.ones(1, "f4"), "/conv/W": np.ones(1, "f4")})


# NumPy and Chainer


def arrays():
    floats = {
        "predictor/conv1_1/W": (0, values(0, (2, 3, 2, 2))),
        "predictor/conv1_1/b": (1, values(1, (2,)).astype("f2")),
        "predictor/bn/gamma": (2, values(2, (3,)).astype("f8")),
        "predictor/bn/beta": (3, values(3, (3,))),
        "predictor/bn/avg_mean": (4, values(4, (3,))),
        "predictor/bn/avg_var": (5, values(5, (3,))),
        "upscore/W": (6, np.asfortranarray(values(6, (2, 3, 4)))),
        "half/W": (7, np.asfortranarray(values(7, (3, 2)).astype("f2"))),
        "/rooted/weight": (8, values(8, (1, 2))),
        "scalar": (9, values(9, ())),
        "empty": (10, values(10, (0, 2))),
    }
    names = dict(zip(floats, [
        "predictor.conv1_1.weight", "predictor.conv1_1.bias", "predictor.bn.weight",
        "predictor.bn.bias", "predictor.bn.running_mean", "predictor.bn.running_var",
        "upscore.weight", "half.weight", "rooted.weight", "scalar", "empty"]))
    others = {
        "predictor/bn/N": np.array(4), "t": np.arange(3, dtype="i4"), "flag": np.array([True]),
        "none": np.array(None, object), "text": np.array(["a", "b"]),
        "record": np.zeros(2, [("a", "<f4"), ("b", "<i8", (2,))]), "complex": np.array([1j]),
    }
    saved = {name: array for name, (_, array) in floats.items()} | others
    return saved, expectation({names[name]: pair for name, pair in floats.items()})


def versions():
    """An npz of npy files of each version of their header."""
    tensors = {f"v{version}": (version, values(version, (2, 2))) for version in (1, 2, 3)}
    with zipfile.ZipFile(HERE / "versions.npz", "w") as archive:
        for name, (version, array) in tensors.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(version, 0))
            archive.writestr(f"{name}.npy", content.getvalue())
    return expectation(tensors)


def main():
    for old in HERE.glob("*"):
        if old.suffix in (".pth", ".pt", ".npz", ".pkl"):
            old.unlink()
    expected = {}
    state, expected["zip.pth"] = state_dict()
    save("zip.pth", state)
    repack("zip.pth", "repacked.pth")
    expected["repacked.pth"] = expected["zip.pth"]
    # What the older form has no storage type for is of no interest here.
    del state["small"]
    save("legacy.pth", state, zipped=False)
    expected["legacy.pth"] = expected["zip.pth"]
    for name, zipped, protocol in [("checkpoint.pth", True, 2), ("checkpoint-legacy.pth", False, 2),
                                   ("protocol4.pth", True, 4), ("protocol5-legacy.pth", False, 5)]:
        what, expected[name] = checkpoint("module." if protocol == 2 else "")
        save(name, what, zipped, pickle_protocol=protocol)
    expected["python2.pth"] = python2()
    saved, expected["chainer.npz"] = arrays()
    np.savez(HERE / "chainer.npz", **saved)
    np.savez_compressed(HERE / "compressed.npz", **saved)
    expected["compressed.npz"] = expected["chainer.npz"]
    expected["versions.npz"] = versions()
    refused()
    lines = ",\n".join(
        f'{json.dumps(name)}: [\n  ' + ",\n  ".join(json.dumps(t) for t in tensors) + "\n]"
        for name, tensors in expected.items())
    (HERE / "foreign.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
