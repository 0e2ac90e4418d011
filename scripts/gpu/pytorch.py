"""PyTorch in its best form on the same device: channels last, half precision, graphed or compiled.

Every function returns None where PyTorch, or a device for it, is missing.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


def _median_ms(torch: Any, run: Callable[[], Any], runs: int = 50) -> float:
    for _ in range(5):
        run()
    times = []
    for _ in range(runs):
        torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - start))
    return sorted(times)[len(times) // 2]


def peak_of_products() -> float | None:
    """Operations a second of a large product of half-precision matrices."""
    torch = _torch()
    if torch is None:
        return None
    a = torch.randn(8192, 8192, device="cuda", dtype=torch.half)
    return 2 * 8192**3 / (1e-3 * _median_ms(torch, lambda: a @ a, 20))


def segmentation_ms(network: str, width: int, height: int, batch: int) -> float | None:
    """From the host's bytes to the host's labels; the better of a compiled and a graphed network."""
    torch = _torch()
    if torch is None:
        return None
    from peers import networks

    module = networks.build(network)
    if network.startswith("fcn-resnet"):
        module = networks.MainScores(module.inner)
    module = module.eval().requires_grad_(False).to("cuda", torch.half)
    module = module.to(memory_format=torch.channels_last)
    mean = torch.tensor([123.675, 116.28, 103.53], device="cuda", dtype=torch.half).view(1, 3, 1, 1)
    scale = 1 / torch.tensor([58.395, 57.12, 57.375], device="cuda", dtype=torch.half).view(
        1, 3, 1, 1)
    pixels = torch.randint(0, 256, (batch, height, width, 3), dtype=torch.uint8).pin_memory()
    labels = torch.empty((batch, height, width), dtype=torch.uint8).pin_memory()

    def network_of(x: Any) -> Any:
        x = (x.permute(0, 3, 1, 2).half() - mean) * scale
        return module(x.contiguous(memory_format=torch.channels_last)).argmax(1).to(torch.uint8)

    def from_host(function: Callable[[Any], Any]) -> Callable[[], None]:
        def run() -> None:
            labels.copy_(function(pixels.to("cuda", non_blocking=True)), non_blocking=True)
        return run

    times = []
    with torch.inference_mode():
        compiled = torch.compile(network_of, mode="max-autotune")
        for function in [graphed(torch, network_of, pixels), compiled]:
            try:
                times.append(_median_ms(torch, from_host(function)))
            except Exception as error:  # One of the two is enough.
                print(f"{network}, batch {batch}: {error}", file=sys.stderr)
    return min(times) if times else None


def graphed(torch: Any, function: Callable[[Any], Any], example: Any) -> Callable[[Any], Any]:
    """The function as a CUDA graph."""
    static = example.to("cuda")
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            function(static)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = function(static)

    def replay(pixels: Any) -> Any:
        static.copy_(pixels, non_blocking=True)
        graph.replay()
        return result

    return replay


def training_ms(side: int, batch: int) -> float | None:
    """A step of fcn-simple at side×side: forward, loss, backward and momentum SGD, mixed precision."""
    torch = _torch()
    if torch is None:
        return None
    from peers import networks

    module = networks.build("fcn-simple").cuda().to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(module.parameters(), 0.01, momentum=0.9, fused=True)
    scaler = torch.amp.GradScaler("cuda")
    forward = torch.compile(module)
    pixels = torch.rand(batch, 3, side, side).pin_memory()
    labels = torch.randint(0, networks.CLASSES, (batch, side, side)).pin_memory()

    def step() -> None:
        x = pixels.to("cuda", non_blocking=True).contiguous(memory_format=torch.channels_last)
        y = labels.to("cuda", non_blocking=True)
        with torch.autocast("cuda", torch.half):
            scores = forward(x)
        loss = torch.nn.functional.cross_entropy(scores.float(), y)
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        loss.item()

    return _median_ms(torch, step)
