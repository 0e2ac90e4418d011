"""What is measured: networks, sizes, batches, and where their files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLASSES = 21


@dataclass(frozen=True)
class Case:
    """A network, run on pictures of one size: the same weights and pictures for every engine."""

    name: str
    network: str
    batch: int
    height: int
    width: int
    #: How often it is run and timed, unless told otherwise: quick ones vary more.
    runs: int
    #: Whether our model is imported from the ONNX file that the others run.
    imported: bool = False

    def file(self, folder: Path, kind: str) -> Path:
        """A file that depends on size and batch: `kind` is what follows the case's name."""
        return folder / f"{self.name}.{kind}"

    def weights(self, folder: Path) -> Path:
        """The weights under PyTorch's names, from which everybody's files are made."""
        return folder / f"{self.network}.weights.safetensors"

    def model(self, folder: Path) -> Path:
        """Our model file."""
        return folder / f"{self.network}.model.safetensors"

    def ncnn(self, folder: Path, half: bool) -> tuple[Path, Path]:
        """ncnn's network and weights, which know no batch: weights as float32, or half as wide."""
        stem = f"{self.network}.ncnn-{'f16' if half else 'f32'}"
        return folder / f"{stem}.param", folder / f"{stem}.bin"


CASES = {
    case.name: case
    for case in [
        Case("fcn-simple", "fcn-simple", 1, 224, 224, 20),
        Case("fcn8s", "fcn8s", 1, 375, 500, 10),
        Case("fcn-resnet50", "fcn-resnet50", 1, 520, 520, 10),
        Case("fcn-simple-b8", "fcn-simple", 8, 224, 224, 5),
        Case("lraspp-mobilenet-v3", "lraspp_mobilenet_v3_large", 1, 520, 520, 20, imported=True),
        Case("deeplabv3-resnet50", "deeplabv3_resnet50", 1, 520, 520, 5, imported=True),
        Case("unet-resnet34", "unet-resnet34", 1, 512, 512, 10, imported=True),
        Case(
            "deeplabv3plus-mobilenet-v2", "deeplabv3plus-mobilenet_v2", 1, 512, 512, 20,
            imported=True),
    ]
}

#: The case whose network is trained, the pictures of a step, and their folder in VOC's layout.
TRAINED = CASES["fcn-simple"]
TRAINING_BATCH = 10


def training_data(folder: Path) -> Path:
    return folder / "voc"
