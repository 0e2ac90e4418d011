"""Semantic segmentation with libfcn: include/fcn.h for Python, NumPy arrays in and out.

    import fcn

    with fcn.Model.default() as model, fcn.Session(model) as session:
        labels = session.segment("photo.jpg")  # or an array, or a picture of Pillow's
        print(session.areas())                 # {"sky": 30211, "road": 40127, ...}

The library is looked for at $FCN_LIBRARY, in the build folder of the repository or the prefix that
this package stands in, and where the system looks for libfcn.so.1. Every call that fails raises
FCNError. Ctrl-C stops a segmentation at the next layer, a training at the next minibatch. Needs NumPy
and nothing else.
"""

from ._native import FCNError, about, version
from .image import Image, overlay, save_labels, sheet
from .model import Model
from .session import SegmentProgress, Session
from .trainer import TrainProgress, Trainer

#: The label, in the truth that a person drew, of pixels whose class nobody can say.
IGNORE_LABEL = 255

__all__ = [
    "FCNError", "IGNORE_LABEL", "Image", "Model", "SegmentProgress", "Session", "TrainProgress",
    "Trainer", "about", "overlay", "save_labels", "sheet", "version",
]
