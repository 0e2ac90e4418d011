"""Pictures and models of random numbers, for scripts that compare."""

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


def picture(height, width, seed):
    """Coarse and fine noise: height×width×3 bytes."""
    random = np.random.RandomState(seed)
    coarse = random.uniform(0, 200, (height // 16 + 1, width // 16 + 1, 3))
    coarse = np.kron(coarse, np.ones((16, 16, 1)))[:height, :width]
    return np.round(coarse + random.uniform(0, 55, (height, width, 3))).astype(np.uint8)


def randomize(path, seed):
    """Gives biases and statistics, which are alike in a fresh model, values of their own."""
    random = np.random.RandomState(seed)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    for name, tensor in tensors.items():
        if tensor.ndim == 1:
            low, high = (-0.2, 0.2) if name.endswith(("bias", "running_mean")) else (0.7, 1.5)
            tensors[name] = random.uniform(low, high, tensor.shape).astype(tensor.dtype)
    save_file(tensors, path, metadata=metadata)
