#!/usr/bin/env python3
"""Checks `fcn import` on files that the frameworks' own libraries write.

    pip install torch torchvision segmentation_models_pytorch numpy safetensors pillow protobuf
    make && python3 scripts/check_imports.py [--fcn build/bin/fcn] [--full]

Each case makes a network in PyTorch with random weights, has torch.save, numpy.savez, safetensors or
protobuf write them under the names of a published file, imports that, and compares `fcn segment`'s
scores of a picture with the network's own. Trunks are compared tensor by tensor. Networks are an eighth
as wide as published, and as wide with --full. Exit status 1 where a difference is above 1e-3 of the
scores' range (float16 sources are rounded first, so that they agree too).
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from safetensors.numpy import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/FCNSwiftTests/Goldens"))
import fcn_family  # noqa: E402
import fcn_networks  # noqa: E402
from fcn_simple import FCNSimple, picture, save_picture  # noqa: E402

SIZE = (61, 83)


def dense(state):
    """Upsampling as the published files hold it: a kernel for every pair of classes, zero off the
    diagonal."""
    result = {}
    for name, tensor in state.items():
        if name.startswith("upscore"):
            classes = tensor.shape[0]
            full = torch.zeros(classes, classes, *tensor.shape[2:])
            full[range(classes), range(classes)] = tensor[:, 0]
            tensor = full
        result[name] = tensor
    return result


def chainer_names(state, prefix=""):
    return {
        prefix + name.replace(".weight", "/W").replace(".bias", "/b"): tensor.numpy()
        for name, tensor in state.items()}


def caffe_messages():
    """NetParameter and what it holds, made from the published field numbers."""
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    field = descriptor_pb2.FieldDescriptorProto

    def add(message, *fields):
        descriptor = file.message_type.add(name=message)
        for name, number, kind, repeated in fields:
            made = descriptor.field.add(
                name=name, number=number,
                label=field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL)
            if isinstance(kind, str):
                made.type, made.type_name = field.TYPE_MESSAGE, ".caffe." + kind
            else:
                made.type = kind
            if repeated and kind in (field.TYPE_FLOAT, field.TYPE_INT64):
                made.options.packed = True

    add("BlobShape", ("dim", 1, field.TYPE_INT64, True))
    add("BlobProto", *((n, i + 1, field.TYPE_INT32, False) for i, n in enumerate(
        ["num", "channels", "height", "width"])), ("data", 5, field.TYPE_FLOAT, True),
        ("shape", 7, "BlobShape", False))
    add("LayerParameter", ("name", 1, field.TYPE_STRING, False), ("type", 2, field.TYPE_STRING, False),
        ("blobs", 7, "BlobProto", True))
    add("V1LayerParameter", ("name", 4, field.TYPE_STRING, False), ("type", 5, field.TYPE_INT32, False),
        ("blobs", 6, "BlobProto", True))
    add("NetParameter", ("name", 1, field.TYPE_STRING, False), ("layers", 2, "V1LayerParameter", True),
        ("layer", 100, "LayerParameter", True))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe.NetParameter"))


def save_caffe(state, path, old_form):
    net = caffe_messages()(name="network")
    layers = {}
    for name, tensor in state.items():
        layers.setdefault(name.rsplit(".", 1)[0], []).append(tensor.numpy())
    for name, blobs in layers.items():
        layer = (net.layers if old_form else net.layer).add(name=name)
        if old_form:
            layer.type = 4
        else:
            layer.type = "Convolution"
        for values in blobs:
            blob = layer.blobs.add()
            if old_form:  # four extents, ones in front
                shape = (1,) * (4 - values.ndim) + values.shape
                blob.num, blob.channels, blob.height, blob.width = shape
            else:
                blob.shape.dim.extend(values.shape)
            blob.data.extend(values.ravel().tolist())
    path.write_bytes(net.SerializeToString())


class Checker:
    def __init__(self, command, folder, width):
        self.command, self.folder, self.width, self.failed = command, folder, width, False
        self.pixels = picture(*SIZE, seed=4)
        save_picture(folder / "picture.png", self.pixels)

    def run(self, *words):
        done = subprocess.run([self.command, *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            print(done.stderr, end="")
        return done.returncode == 0

    def report(self, case, agrees, text):
        print(f"{case}: {text}: {'ok' if agrees else 'WRONG'}")
        self.failed |= not agrees

    def network(self, name, **options):
        module = fcn_family.build(name, width=self.width if "resnet" not in name else 1.0, **options)
        return fcn_family.fill(module)

    def scores(self, case, module, wanted, *options):
        """Imports the file of `case` and compares the scores of `module` with the model's."""
        model = self.folder / "model.safetensors"
        if not self.run("import", self.folder / case, "-o", model, "--quiet", *options):
            return self.report(case, False, "not imported")
        if not self.run("segment", self.folder / "picture.png", "--model", model, "--scores",
                        self.folder / "scores.npy", "--quiet"):
            return self.report(case, False, "not segmented")
        found = np.load(self.folder / "scores.npy")
        difference = np.abs(found - wanted).max() / (wanted.max() - wanted.min())
        self.report(case, difference <= 1e-3, f"largest difference {difference:.1e} of the scores' range")

    def trunk(self, case, wanted):
        """Imports the file of `case` and compares the tensors that our names have."""
        trunk = self.folder / "trunk.safetensors"
        if not self.run("import", self.folder / case, "-o", trunk, "--quiet"):
            return self.report(case, False, "not imported")
        found = load_file(trunk)
        same = all(
            name in found and np.array_equal(found[name], values.reshape(found[name].shape))
            for name, values in wanted.items())
        self.report(case, same and len(found) == len(wanted), f"{len(found)} tensors")


def check_family(checker):
    for name in ["fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce", "fcn-alexnet"]:
        module = checker.network(name)
        state = dense(fcn_family.tensors(module))
        scales = {}
        if name == "fcn8s-atonce":
            scales = {"scale_pool4.weight": torch.full((4,), 0.01),
                      "scale_pool3.weight": torch.full((4,), 0.0001)}
        wanted = fcn_family.scores(module, checker.pixels)
        meant = ["--architecture", name] if name.startswith("fcn8s") else []
        save_caffe({**state, **scales}, checker.folder / f"{name}.caffemodel", old_form=False)
        save_caffe({**state, **scales}, checker.folder / f"{name}-v1.caffemodel", old_form=True)
        checker.scores(f"{name}.caffemodel", module, wanted)
        checker.scores(f"{name}-v1.caffemodel", module, wanted)
        torch.save(state, checker.folder / f"{name}.pth")
        torch.save({"epoch": 3, "arch": "FCN", "model_state_dict": state, "best_mean_iu": np.float64(0.5),
                    "optim_state_dict": torch.optim.SGD([torch.zeros(2)], 0.1).state_dict()},
                   checker.folder / f"{name}-checkpoint.pth")
        torch.save(state, checker.folder / f"{name}-old.pth", _use_new_zipfile_serialization=False)
        checker.scores(f"{name}.pth", module, wanted, *meant)
        checker.scores(f"{name}-checkpoint.pth", module, wanted, *meant)
        checker.scores(f"{name}-old.pth", module, wanted, *meant)
        np.savez(checker.folder / f"{name}.npz", **chainer_names(state))
        np.savez_compressed(checker.folder / f"{name}-compressed.npz", **chainer_names(state, "predictor/"))
        checker.scores(f"{name}.npz", module, wanted, *meant)
        checker.scores(f"{name}-compressed.npz", module, wanted, *meant)
        for type in (torch.float16, torch.bfloat16, torch.float64):
            rounded = {key: tensor.to(type) for key, tensor in state.items()}
            for key, tensor in fcn_family.tensors(checker.network(name)).items():
                module.state_dict()[key].copy_(tensor.to(type))
            case = f"{name}-{str(type).split('.')[1]}.pth"
            torch.save(rounded, checker.folder / case)
            checker.scores(case, module, fcn_family.scores(module, checker.pixels), *meant)


def check_simple(checker):
    module = FCNSimple(5, width=checker.width).randomize(seed=2)
    state = {name: torch.tensor(values) for name, values in module.parameters_by_name().items()}
    np.savez(checker.folder / "published-system.npz", **chainer_names(state))
    checker.scores("published-system.npz", module, module.scores(checker.pixels),
                   "--preprocessing", "torchvision")


def check_torchvision(checker):
    for name in ["fcn-resnet50", "fcn-resnet101"]:
        for auxiliary in (False, True):
            module = checker.network(name, classes=21, auxiliary_head=auxiliary)
            wanted = fcn_family.scores(module, checker.pixels)
            state = {name: tensor.float() if tensor.is_floating_point() else tensor
                     for name, tensor in module.state_dict().items()}
            case = f"{name}{'-aux' if auxiliary else ''}"
            torch.save(state, checker.folder / f"{case}.pth")
            checker.scores(f"{case}.pth", module, wanted)
            save_file({k: v.numpy() for k, v in state.items()}, checker.folder / f"{case}.safetensors")
            checker.scores(f"{case}.safetensors", module, wanted)


def check_networks(checker):
    """torchvision's other networks with and without a second head, segmentation_models_pytorch's, and those
    that have names of their own."""
    for name in fcn_networks.NAMES:
        for option in ("", "auxiliary_head", "batch_norm"):
            if option == "auxiliary_head" and not name.startswith("deeplabv3-"):
                continue
            if option == "batch_norm" and name != "unet":
                continue
            options = {option: True} if option else {}
            module = fcn_family.fill(fcn_networks.build(name, **options))
            state = {key: tensor.clone() for key, tensor in module.state_dict().items()}
            case = f"{name}{'-' if option else ''}{option}"
            if name in fcn_networks.OTHERS:
                state = {f"module.{key}": tensor for key, tensor in state.items()}
            torch.save(state, checker.folder / f"{case}.pth")
            wanted = fcn_family.scores(module, checker.pixels)
            # Layers that are called as VGG16's are taken for Caffe's unless told otherwise.
            meant = ["--preprocessing", "torchvision"] if name == "segnet" else []
            checker.scores(f"{case}.pth", module, wanted, *meant)
            (checker.folder / f"{case}.pth").unlink()


def check_trunks(checker):
    models = fcn_family.import_torchvision().models
    convolutions = [f"conv{g}_{i}" for g, n in zip(range(1, 6), (2, 2, 3, 3, 3)) for i in range(1, n + 1)]
    for name in ("vgg16", "vgg16_bn"):
        state = getattr(models, name)().state_dict()
        torch.save(state, checker.folder / f"{name}.pth")
        layers = [k.rsplit(".", 1)[0] for k in state if k.startswith("features.") and state[k].dim() == 4
                  and k.endswith(".weight")]
        wanted = {}
        for ours, theirs in zip(convolutions, layers):
            wanted[f"{ours}.weight"] = state[f"{theirs}.weight"].numpy()
            bias = state[f"{theirs}.bias"].numpy()
            if name == "vgg16":
                wanted[f"{ours}.bias"] = bias
                continue
            norm, number = ours.replace("conv", "bn"), int(theirs.split(".")[1]) + 1
            for kind in ("weight", "bias", "running_mean", "running_var"):
                values = state[f"features.{number}.{kind}"].numpy()
                wanted[f"{norm}.{kind}"] = values - bias if kind == "running_mean" else values
        for ours, theirs in (("fc6", "classifier.0"), ("fc7", "classifier.3")):
            wanted[f"{ours}.weight"] = state[f"{theirs}.weight"].numpy()
            wanted[f"{ours}.bias"] = state[f"{theirs}.bias"].numpy()
        checker.trunk(f"{name}.pth", wanted)
        if name == "vgg16":
            theirs = {k: torch.tensor(v) for k, v in wanted.items()}
            theirs["fc8.weight"] = state["classifier.6.weight"]
            theirs["fc8.bias"] = state["classifier.6.bias"]
            save_caffe(theirs, checker.folder / "VGG_ILSVRC_16_layers.caffemodel", old_form=True)
            checker.trunk("VGG_ILSVRC_16_layers.caffemodel", wanted)
            np.savez(checker.folder / "VGG_ILSVRC_16_layers.npz", **chainer_names(theirs))
            checker.trunk("VGG_ILSVRC_16_layers.npz", wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fcn", default=str(ROOT / "build/bin/fcn"), help="the command (build/bin/fcn)")
    parser.add_argument("--only", help="one check: family, simple, torchvision, networks, trunks")
    parser.add_argument("--full", action="store_true", help="networks as wide as published")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        checker = Checker(arguments.fcn, pathlib.Path(name), 1.0 if arguments.full else 0.125)
        checks = (check_family, check_simple, check_torchvision, check_networks, check_trunks)
        for check in [c for c in checks if arguments.only in (None, c.__name__.removeprefix('check_'))]:
            check(checker)
            for path in checker.folder.glob("*"):
                if path.name != "picture.png":
                    path.unlink()
    sys.exit(1 if checker.failed else 0)


if __name__ == "__main__":
    main()
