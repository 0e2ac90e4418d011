"""Which networks are exported, and how."""

from __future__ import annotations

from dataclasses import dataclass

#: Sides of a picture for exports whose size is fixed: every decoder can pool them into whole windows.
FIXED_SIZE = (192, 384)

#: Others, of which an adaptive pool's windows share lines.
UNEVEN_SIZE = (160, 256)

#: For exports that take any size, rows and columns: a multiple of every stride, one that is odd and
#: three pixels beyond a multiple, one in another proportion.
SIZES = [(128, 160), (163, 131), (192, 224)]


@dataclass(frozen=True)
class Case:
    """A network with weights of a fixed seed, and a way in which it is exported."""

    network: str
    #: "ts", PyTorch's exporter through TorchScript, or "dynamo", the one through torch.export.
    exporter: str
    opset: int
    #: "fixed"; "uneven", fixed at other sides; "sizes", where rows and columns are left open; "batch",
    #: where the number of pictures is too.
    sizes: str = "sizes"
    classes: int = 21
    #: "", or a float16 file: "network", of which everything is float16, the input too, or "weights",
    #: whose input and output are float32.
    half: str = ""
    #: Whether weights are in a file of their own beside the graph.
    external: bool = False
    #: Whether the exporter is told to leave the graph as it was traced: batch normalisation stays.
    raw: bool = False
    #: What follows the scores: "", "sigmoid", "softmax" or "argmax".
    head: str = ""
    #: Whether torchvision's network has a second head for training; it becomes an output.
    auxiliary: bool = False

    @property
    def fixed_size(self) -> tuple[int, int] | None:
        """Rows and columns where they are not left open."""
        return {"fixed": FIXED_SIZE, "uneven": UNEVEN_SIZE}.get(self.sizes)

    @property
    def name(self) -> str:
        words = [f"{self.network}.{self.exporter}{self.opset}", self.sizes]
        words += [f"{self.classes}"] if self.classes != 21 else []
        words += [f"half-{self.half}"] if self.half else []
        for word in ("external", "raw", "auxiliary"):
            words += [word] if getattr(self, word) else []
        words += [self.head] if self.head else []
        return "-".join(words)

    @property
    def notes(self) -> str:
        """What is unusual in the file, for people."""
        notes = {1: ["one score"], 21: []}.get(self.classes, [f"{self.classes} classes"])
        notes += {"network": ["float16"], "weights": ["float16 weights"]}.get(self.half, [])
        notes += ["external data"] if self.external else []
        notes += ["not optimised"] if self.raw else []
        notes += ["auxiliary head"] if self.auxiliary else []
        notes += [self.head] if self.head else []
        return ", ".join(notes)


def torchvision_cases() -> list[Case]:
    small, large = "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"
    return [
        Case(large, "ts", 11),
        Case(large, "ts", 17, sizes="fixed", external=True),
        Case(large, "dynamo", 18),
        Case(large, "dynamo", 20, sizes="fixed", half="weights"),
        Case(small, "ts", 13, auxiliary=True),
        Case(small, "ts", 16, sizes="batch", raw=True),
        Case(small, "dynamo", 18, auxiliary=True, external=True),
        Case(small, "dynamo", 21, sizes="fixed", classes=5),
        Case("fcn_resnet50", "ts", 12, auxiliary=True),
        Case("fcn_resnet50", "dynamo", 18, half="weights"),
        Case("fcn_resnet101", "ts", 14, sizes="batch", half="weights"),
        Case("deeplabv3_resnet50", "ts", 11, half="network"),
        Case("deeplabv3_resnet50", "dynamo", 18, sizes="batch"),
        Case("deeplabv3_resnet101", "dynamo", 18, auxiliary=True, half="weights"),
    ]


DECODERS = [
    "unet", "unetplusplus", "fpn", "pan", "linknet", "pspnet", "deeplabv3", "deeplabv3plus", "manet",
    "upernet"]

#: Trunks that are tried with one decoder alone.
TRUNKS = [
    "timm-resnest50d", "timm-skresnext50_32x4d", "timm-res2net50_26w_4s", "timm-regnetx_002",
    "timm-regnety_002", "timm-gernet_s", "mobileone_s0", "dpn68", "vgg11_bn", "densenet121", "inceptionv4",
    "xception", "se_resnet50", "resnext50_32x4d", "mit_b1", "tu-convnext_tiny", "tu-mobilenetv4_conv_small",
    "tu-mobilenetv4_hybrid_medium", "tu-hrnet_w18_small", "tu-pvt_v2_b0", "tu-poolformer_s12",
    "tu-hgnetv2_b0", "tu-fastvit_t8", "tu-repvit_m1", "tu-starnet_s1", "tu-caformer_s18",
    "tu-focalnet_tiny_srf", "tu-inception_next_tiny", "tu-mambaout_femto"]

#: segmentation_models_pytorch's name of each trunk.
ENCODERS = {
    "resnet18": "resnet18", "resnet34": "resnet34", "resnet50": "resnet50",
    "mobilenet_v2": "mobilenet_v2", "efficientnet_b0": "efficientnet-b0",
    "mobilenet_v3_large": "tu-mobilenetv3_large_100", "mit_b0": "mit_b0",
    "resnest14d": "timm-resnest14d", "skresnet18": "timm-skresnet18", **{
        name.removeprefix("timm-").removeprefix("tu-").replace("-", "_"): name for name in TRUNKS}}


def smp_cases() -> list[Case]:
    """Each decoder on resnet18 and mobilenet_v2 by both exporters, and on two further trunks, with
    what else can differ spread over them."""
    cases = []
    for i, decoder in enumerate(DECODERS):
        # TorchScript cannot export pooling into windows whose size it does not know.
        open_sizes = "fixed" if decoder in ("pspnet", "upernet") else "sizes"
        cases += [
            Case(f"{decoder}-resnet18", "ts", 11 + i % 8, sizes=open_sizes,
                 classes=(21, 5, 1)[i % 3]),
            # Pooled into 6 windows at stride 32, smaller pictures than 192 rows make indices beyond
            # the end of what dynamo writes.
            Case(f"{decoder}-resnet18", "dynamo", 18, sizes="fixed" if decoder == "upernet" else "sizes",
                 classes=(5, 21)[i % 2], external=i % 4 == 0),
            Case(f"{decoder}-mobilenet_v2", "ts", 18 - i % 8,
                 sizes="fixed" if i % 2 else open_sizes, raw=i % 3 == 0),
            Case(f"{decoder}-mobilenet_v2", "dynamo", 18 + i % 4, sizes=("batch", "fixed")[i % 2],
                 half="weights" if i % 3 == 1 else "", raw=i % 5 == 2),
        ]
    further = [
        ("unet-resnet34", "efficientnet_b0"), ("unetplusplus-efficientnet_b0", "mobilenet_v3_large"),
        ("fpn-efficientnet_b0", "mobilenet_v3_large"), ("pan-resnet34", "mobilenet_v3_large"),
        ("linknet-resnet34", "efficientnet_b0"), ("pspnet-resnet50", "efficientnet_b0"),
        ("deeplabv3-resnet34", "mobilenet_v3_large"), ("deeplabv3plus-efficientnet_b0", "resnet34"),
        ("manet-mobilenet_v3_large", "resnet34"), ("upernet-resnet34", "efficientnet_b0")]
    for i, (network, encoder) in enumerate(further):
        decoder = network.split("-")[0]
        open_sizes = "fixed" if decoder in ("pspnet", "upernet") else "sizes"
        cases += [
            Case(network, "ts", 12 + i % 6, sizes=open_sizes, half="weights" if i % 4 == 0 else "",
                 external=i % 4 == 2),
            Case(f"{decoder}-{encoder}", "dynamo", 18, sizes=("sizes", "fixed")[i % 2]),
        ]
    return cases


def head_cases() -> list[Case]:
    """What people put after the scores, opsets at the ends of what is read, sizes that do not divide, and
    attention of several kinds."""
    return [
        Case("unet-mobilenet_v2", "ts", 17, classes=1, head="sigmoid"),
        Case("unet-mobilenet_v2", "dynamo", 18, classes=5, head="softmax"),
        Case("linknet-mobilenet_v2", "ts", 13, classes=5, head="argmax"),
        Case("linknet-mobilenet_v2", "dynamo", 18, classes=5, head="argmax"),
        Case("linknet-resnet18", "ts", 9, sizes="fixed"),
        Case("unet-mobilenet_v2", "ts", 10, sizes="fixed"),
        Case("unet-resnet18", "ts", 20),
        Case("deeplabv3plus-mobilenet_v2", "dynamo", 21),
        Case("pspnet-resnet18", "dynamo", 18, sizes="uneven"),
        Case("pspnet-mobilenet_v2", "dynamo", 20, sizes="uneven"),
        Case("upernet-mobilenet_v2", "dynamo", 18, sizes="uneven"),
        Case("segformer-mit_b0", "ts", 17),
        Case("segformer-mit_b0", "dynamo", 18),
        Case("unet-resnest14d", "ts", 16),
        Case("unet-skresnet18", "dynamo", 18),
    ]


def trunk_cases() -> list[Case]:
    """A decoder on trunks of many kinds."""
    return [
        Case(f"unet-{name}", "ts" if i % 2 else "dynamo", 17 if i % 2 else 18)
        for i, name in enumerate(
            trunk.removeprefix("timm-").removeprefix("tu-").replace("-", "_") for trunk in TRUNKS)]


#: Small networks first, so that what is wrong shows early.
CASES: dict[str, Case] = {
    case.name: case for case in smp_cases() + head_cases() + trunk_cases() + torchvision_cases()}
