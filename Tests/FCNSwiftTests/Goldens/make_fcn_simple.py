#!/usr/bin/env python3
"""Makes fcn-simple*: small networks with pictures and the scores that PyTorch computes for them.

    pip install torch numpy safetensors pillow && python3 make_fcn_simple.py

NAME.safetensors is a model file, NAME.scores.safetensors has classes×height×width scores for each
picture, named after it. fcn-simple-training.safetensors has one training step, see `make_training`.
"""

import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

from fcn_simple import FCNSimple, picture, save_picture

HERE = pathlib.Path(__file__).parent
IGNORE = 255
PICTURES = {"waves-64x96.png": (64, 96), "waves-50x75.png": (50, 75)}


def make_scores(name, pictures, **options):
    network = FCNSimple(**options).randomize(seed=5)
    network.save(HERE / f"{name}.safetensors")
    scores = {file: network.scores(pixels).astype(np.float32) for file, pixels in pictures.items()}
    save_file(scores, HERE / f"{name}.scores.safetensors")
    for file, values in scores.items():
        best = np.sort(values, axis=0)
        print(f"{name}: {file}: scores {values.min():.2f}…{values.max():.2f}, "
              f"classes {np.bincount(values.argmax(0).ravel())}, "
              f"closest decision {(best[-1] - best[-2]).min():.1e}")


def distance_to_kinks(kinks):
    """How near a value is to where ReLU or a maximum bends, and float32 might take the other side."""
    distances = []
    for kind, values in kinks:
        if kind == "relu":
            distances.append(values.detach().abs().min())
            continue
        windows = F.unfold(values.flatten(0, 1)[:, None], 2, stride=2).transpose(1, 2).flatten(0, 1)
        first, second = windows.detach().topk(2, dim=1).values.T
        distances.append((first - second)[first > 0].min())
    return min(float(d) for d in distances)


def make_training():
    """Input, labels, `weight/X` before the step; loss, `gradient/X` and `after/X` (running
    statistics) of one training step with batch norm, mean loss over labelled pixels."""
    shape, classes = (2, 3, 32, 64), 3
    # The first seed that is clear of kinks.
    for seed in range(1000):
        random = np.random.RandomState(seed)
        network = FCNSimple(classes, width=0.03, batch_norm=True).randomize(seed).double().train()
        # Halves, so that the file need not spend four bytes on each.
        pixels = random.standard_normal(shape).astype(np.float16)
        labels = random.randint(classes, size=(shape[0], *shape[2:]))
        labels[random.uniform(size=labels.shape) < 0.1] = IGNORE
        tensors = {f"weight/{k}": v.copy() for k, v in network.parameters_by_name().items()}
        kinks = []
        scores = network(torch.tensor(pixels.astype(np.float64)), kinks)
        if distance_to_kinks(kinks) > 3e-5:
            break
    else:
        raise SystemExit("every seed is close to a kink")
    loss = F.cross_entropy(scores, torch.tensor(labels), ignore_index=IGNORE)
    loss.backward()
    tensors |= {
        "input": pixels, "labels": labels.astype(np.float16),
        "loss": np.array([loss.item()], np.float32)}
    for name, parameter in network.named_parameters():
        tensors[f"gradient/{name}"] = parameter.grad.numpy().astype(np.float32)
    for name, buffer in network.named_buffers():
        if "running" in name:
            tensors[f"after/{name}"] = buffer.numpy().astype(np.float32)
    save_file(
        {k: np.ascontiguousarray(v) for k, v in tensors.items()},
        HERE / "fcn-simple-training.safetensors")
    print(f"training: seed {seed}, distance to kinks {distance_to_kinks(kinks):.1e}, loss {loss.item():.4f}")


def main():
    pictures = {}
    for index, (file, (height, width)) in enumerate(PICTURES.items()):
        pictures[file] = picture(height, width, seed=index)
        save_picture(HERE / file, pictures[file])
    make_scores("fcn-simple", pictures, classes=3, width=0.04)
    odd = {file: pixels for file, pixels in pictures.items() if "50x75" in file}
    make_scores("fcn-simple-bn", odd, classes=3, width=0.04, batch_norm=True)
    make_training()


if __name__ == "__main__":
    main()
