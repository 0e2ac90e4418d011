"""Networks of libraries on PyTorch besides torchvision and segmentation_models_pytorch, with random weights.

MONAI's, nnU-Net's, Hugging Face transformers', timm's trunks with a head for all their features, and
mmsegmentation's as its own configurations have them."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

#: A name, channels, rows and columns of the picture to export with, whether sizes can stay open, the network.
Network = tuple[str, int, int, bool, Callable[[], nn.Module]]


def monai() -> Iterator[Network]:
    from monai.networks import nets

    networks = {
        "unet": lambda: nets.UNet(2, 1, 3, (16, 32, 64, 128), (2, 2, 2), num_res_units=2),
        "unet-batch": lambda: nets.UNet(2, 1, 3, (16, 32, 64), (2, 2), num_res_units=2, norm="batch"),
        "unet-plain": lambda: nets.UNet(2, 1, 1, (16, 32, 64), (2, 2)),
        "unet-mish": lambda: nets.UNet(
            2, 1, 4, (8, 16, 32), (2, 2), act="mish", norm=("group", {"num_groups": 4})),
        "basicunet": lambda: nets.BasicUNet(2, 1, 3, (16, 16, 32, 64, 128, 16)),
        "basicunetplusplus": lambda: nets.BasicUNetPlusPlus(2, 1, 3, (16, 16, 32, 64, 128, 16)),
        "attentionunet": lambda: nets.AttentionUnet(2, 1, 3, (16, 32, 64), (2, 2)),
        "dynunet": lambda: nets.DynUNet(2, 1, 3, [3] * 4, [1, 2, 2, 2], [2] * 3),
        "dynunet-residual": lambda: nets.DynUNet(
            2, 1, 3, [3] * 4, [1, 2, 2, 2], [2] * 3, res_block=True,
            norm_name=("GROUP", {"num_groups": 4})),
        "segresnet": lambda: nets.SegResNet(2, 16, in_channels=1, out_channels=3),
        "segresnet-transposed": lambda: nets.SegResNet(
            2, 8, in_channels=1, out_channels=3, upsample_mode="deconv"),
        "segresnetds": lambda: nets.SegResNetDS(2, 16, in_channels=1, out_channels=3),
        "vnet": lambda: nets.VNet(2, 1, 2),
        "highresnet": lambda: nets.HighResNet(2, 1, 3),
    }
    for name, make in networks.items():
        yield name, 1, 128, True, make
    yield "flexibleunet", 3, 128, True, lambda: nets.FlexibleUNet(
        3, 4, "efficientnet-b0", spatial_dims=2, pretrained=False)


def nnunet() -> Iterator[Network]:
    from dynamic_network_architectures.architectures import unet

    options = {
        "conv_bias": True, "norm_op": nn.InstanceNorm2d, "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "nonlin": nn.LeakyReLU, "nonlin_kwargs": {"inplace": True}}
    widths, strides = [16, 32, 64, 96], [1, 2, 2, 2]
    yield "plain", 1, 128, True, lambda: unet.PlainConvUNet(
        1, 4, widths, nn.Conv2d, 3, strides, 2, 4, 2, **options)
    yield "residual", 3, 128, True, lambda: unet.ResidualEncoderUNet(
        3, 4, widths, nn.Conv2d, 3, strides, [1, 2, 2, 2], 4, 1, **options)


class Logits(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x).logits


def transformers() -> Iterator[Network]:
    import transformers as hf

    trunk = hf.ConvNextConfig(
        out_features=["stage1", "stage2", "stage3", "stage4"], depths=[2] * 4, hidden_sizes=[32, 64, 96, 128])
    networks = {
        "segformer": lambda: hf.SegformerForSemanticSegmentation(hf.SegformerConfig(num_labels=7)),
        "mobilevit": lambda: hf.MobileViTForSemanticSegmentation(hf.MobileViTConfig(num_labels=7)),
        "mobilenetv2": lambda: hf.MobileNetV2ForSemanticSegmentation(hf.MobileNetV2Config(num_labels=7)),
        "upernet-convnext": lambda: hf.UperNetForSemanticSegmentation(hf.UperNetConfig(
            backbone_config=trunk, hidden_size=64, auxiliary_in_channels=96, auxiliary_channels=32,
            num_labels=7)),
    }
    for name, make in networks.items():
        yield name, 3, 256, name != "upernet-convnext", lambda make=make: Logits(make())


class Pyramid(nn.Module):
    """The sum of all a trunk's features, as scores of the picture's size."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = nn.ModuleList(nn.Conv2d(count, 4, 1) for count in trunk.feature_info.channels())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(
            functional.interpolate(head(feature), size=x.shape[2:], mode="bilinear")
            for feature, head in zip(self.trunk(x), self.heads))


TRUNKS = """
    efficientvit_b0 mobilevit_xxs convnextv2_atto ese_vovnet19b_dw cspdarknet53 cspresnet50 tresnet_m
    rexnet_100 ghostnet_050 ghostnetv2_100 mixnet_s mnasnet_small fbnetc_100 tinynet_e lcnet_050 selecsls42
    dla34 nf_resnet26 eca_nfnet_l0 gcresnet33ts resnetv2_50 regnetz_005 repghostnet_050 fasternet_t0
    nasnetalarge hardcorenas_a resnest26d ecaresnet26t seresnext26t_32x4d skresnet34 resnet26t""".split()


def timm() -> Iterator[Network]:
    import timm

    for name in TRUNKS:
        yield name, 3, 256, "vit" not in name, lambda name=name: Pyramid(
            timm.create_model(name, features_only=True, pretrained=False))


class Decoded(nn.Module):
    """An mmsegmentation network without what it does to pictures and labels."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.network.extract_feat(x)
        heads = self.network.decode_head
        if not isinstance(heads, nn.ModuleList):
            return heads(features)
        scores = heads[0](features)
        for head in heads[1:]:
            scores = head(features, scores)
        return scores


def mmseg() -> Iterator[Network]:
    # mmcv-lite has no compiled operators; these networks use none.
    class Nothing(types.ModuleType):
        def __getattr__(self, name: str) -> Callable:
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *_, **__: None

    sys.modules["mmcv._ext"] = Nothing("mmcv._ext")
    import mmseg
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmseg import models  # noqa: F401
    from mmseg.registry import MODELS

    def plain(part: object) -> None:
        values = part if isinstance(part, (list, tuple)) else part.values() if isinstance(part, dict) else []
        for value in values:
            plain(value)
        if isinstance(part, dict):
            changes = {"type": "BN" if part.get("type") == "SyncBN" else part.get("type"),
                       "pretrained": None, "init_cfg": None, "num_classes": 5}
            part.update({key: value for key, value in changes.items() if key in part})

    def make(path: Path) -> nn.Module:
        config = Config.fromfile(path).model
        plain(config)
        config["data_preprocessor"] = None
        return Decoded(MODELS.build(config))

    init_default_scope("mmseg")
    folder = Path(mmseg.__file__).parent / ".mim/configs/_base_/models"
    for name in ("bisenetv1_r18-d32 bisenetv2 cgnet danet_r50-d8 deeplabv3_r50-d8 deeplabv3plus_r50-d8 "
                 "dnl_r50-d8 erfnet_fcn fast_scnn fastfcn_r50-d32_jpu_psp fcn_hr18 fpn_r50 gcnet_r50-d8 "
                 "icnet_r50-d8 nonlocal_r50-d8 stdc").split():
        is_open = name not in ("fast_scnn", "fastfcn_r50-d32_jpu_psp", "icnet_r50-d8")
        yield name, 3, 256, is_open, lambda name=name: make(folder / f"{name}.py")


FRAMEWORKS = {"mmseg": mmseg, "monai": monai, "nnunet": nnunet, "timm": timm, "transformers": transformers}


def export(framework: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Writes each network with both of PyTorch's exporters where these can; names, and what came of them."""
    for name, channels, side, is_open, make in FRAMEWORKS[framework]():
        torch.manual_seed(1)
        network = make()
        settle(network, channels, side)
        example = torch.randn(1, channels, side, side)
        for exporter in ("ts", "dynamo"):
            path = folder / f"{framework}-{name}.{exporter}.onnx"
            try:
                if exporter == "dynamo":
                    torch.onnx.export(
                        network, (example,), path, dynamo=True, external_data=False, verbose=False)
                else:
                    torch.onnx.export(
                        network, (example,), path, dynamo=False, opset_version=17, input_names=["input"],
                        dynamic_axes={"input": {2: "height", 3: "width"}} if is_open else None)
                yield path.name, "written"
            except Exception as error:  # whatever PyTorch's exporters raise
                path.unlink(missing_ok=True)
                yield path.name, f"not exported, {type(error).__name__}"


def settle(network: nn.Module, channels: int, side: int) -> None:
    """Running statistics of inputs that vary as pictures do, so that scores stay in proportion."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.5
    with torch.no_grad():
        for _ in range(3):
            coarse = torch.randn(2, channels, side // 16, side // 16)
            network(functional.interpolate(coarse, (side, side)) + 0.3 * torch.randn(2, channels, side, side))
    network.eval()
