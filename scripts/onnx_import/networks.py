"""The networks in PyTorch, with weights of a fixed seed."""

from __future__ import annotations

import segmentation_models_pytorch
import torch
import torchvision
from torch import nn

from .cases import ENCODERS, FIXED_SIZE, Case

HEADS = {
    "sigmoid": torch.sigmoid,
    "softmax": lambda scores: torch.softmax(scores, 1),
    "argmax": lambda scores: torch.argmax(scores, 1),
}


class Outputs(nn.Module):
    """A network as it is exported: torchvision's give scores by name, here in order; what a case has
    after the scores comes after them."""

    def __init__(self, inner: nn.Module, head: str) -> None:
        super().__init__()
        self.inner = inner
        self.head = HEADS.get(head)

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        scores = self.inner(x)
        if isinstance(scores, dict):
            return tuple(scores.values()) if len(scores) > 1 else scores["out"]
        return self.head(scores) if self.head else scores


def build(case: Case) -> nn.Module:
    """The network of `case`, ready to be run and exported."""
    torch.manual_seed(sum(case.network.encode()))
    decoder, _, encoder = case.network.partition("-")
    if encoder:
        inner = segmentation_models_pytorch.create_model(
            decoder, ENCODERS[encoder], encoder_weights=None, classes=case.classes)
    else:
        options = {} if decoder.startswith("lraspp") else {"aux_loss": case.auxiliary}
        inner = getattr(torchvision.models.segmentation, decoder)(
            weights=None, weights_backbone=None, num_classes=case.classes, **options)
    settle(inner)
    return Outputs(inner, case.head).eval().requires_grad_(False)


def settle(network: nn.Module) -> None:
    """Gives normalisations weights, and statistics that fit what goes through them but for a random
    part, so that values keep their size through all layers and no layer is without effect."""
    normalisations = [
        module for module in network.modules()
        if isinstance(module, (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm))]
    batched = [module for module in normalisations if isinstance(module, nn.BatchNorm2d)]
    for module in normalisations:
        nn.init.uniform_(module.weight, 0.7, 1.5)
        if module.bias is not None:
            nn.init.uniform_(module.bias, -0.3, 0.3)
    examples = noise()
    with torch.no_grad():
        network.train()
        gates = settle_gates(network, batched, examples)
        measure(network, [module for module in batched if module not in gates], examples)
        for module in batched:
            spread = module.running_var.sqrt()
            module.running_mean += 0.2 * spread * torch.randn_like(spread)
            module.running_var *= torch.empty_like(spread).uniform_(0.8, 1.4)
            module.running_var += 1e-3


def noise() -> torch.Tensor:
    """Two inputs that vary from pixel to pixel and over many, as pictures do: of the former alone nothing
    would be left at a large stride, and what little there is would be enlarged."""
    height, width = FIXED_SIZE
    coarse = torch.randn(2, 3, height // 16, width // 16)
    coarse = nn.functional.interpolate(coarse, FIXED_SIZE, mode="bilinear")
    return torch.randn(2, 3, *FIXED_SIZE) + coarse / 2


def measure(network: nn.Module, batched: list[nn.Module], examples: torch.Tensor) -> None:
    """Has each normalisation keep the statistics of these examples."""
    for module in batched:
        module.momentum = 1
    network(examples)
    for module in batched:
        module.momentum = 0.1


def settle_gates(
    network: nn.Module, batched: list[nn.Module], examples: torch.Tensor) -> set[nn.Module]:
    """The normalisations of means of whole pictures, set for good. A mean and a variance of two values
    would stand for nothing, and rounding would come out of it enlarged a thousand times: all channels
    have those of all values."""
    gates: set[nn.Module] = set()
    hooks = [
        module.register_forward_pre_hook(
            lambda module, inputs: gates.add(module) if inputs[0].shape[2:].numel() == 1 else None)
        for module in batched]
    measure(network, batched, examples)
    for hook in hooks:
        hook.remove()
    for module in gates:
        spread = module.running_mean.var() + module.running_var.mean()
        module.running_mean.fill_(module.running_mean.mean())
        module.running_var.fill_(spread)
        module.eval()
    return gates
