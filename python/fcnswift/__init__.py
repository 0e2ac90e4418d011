"""Semantic segmentation with libfcn: include/fcn.h for Python, NumPy arrays in and out.

    import fcnswift

    result = fcnswift.segment("photo.jpg")  # uint8, height x width
    print(result.areas())                   # {"sky": 30211, "road": 40127, ...}
    result.overlay().save("overlay.png")

For many pictures, scores, and other models:

    with fcnswift.Model("street.safetensors") as model, fcnswift.Session(model) as session:
        labels = session.segment("photo.jpg")
        probabilities = session.probabilities()

The library is the one at $FCN_LIBRARY, else that of the wheel, else that of the prefix or the build
folder of the repository that this package stands in, else the libfcn.so.1 that the system finds. Every
call that fails raises FCNError. Ctrl-C stops a segmentation at the next layer, a training at the next
minibatch. Needs NumPy; pictures of Pillow's and bars of tqdm's where these are installed.
"""

try:
    import numpy as _numpy  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"{error}; fcnswift needs NumPy: apt-get install python3-numpy, or pip install numpy"
    ) from error

from ._native import FCNError, about, version
from .image import Image, overlay, save_labels, sheet
from .model import Model
from .segmentation import Segmentation, segment, segment_all
from .session import SegmentProgress, Session
from .trainer import TrainProgress, Trainer

__version__ = version()

#: The label, in the truth that a person drew, of pixels whose class nobody can say.
IGNORE_LABEL = 255

__all__ = [
    "FCNError", "IGNORE_LABEL", "Image", "Model", "SegmentProgress", "Segmentation", "Session",
    "TrainProgress", "Trainer", "about", "overlay", "save_labels", "segment", "segment_all", "sheet",
    "version",
]
