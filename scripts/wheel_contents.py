"""What goes into the wheel beside the module, for hatchling: see pyproject.toml.

FCN_WHEEL_FOLDER names a folder with lib/ and bin/, whose files become those of the package, and
FCN_WHEEL_PLATFORM the systems that they run on; `make wheel` sets both. Without them the wheel has the
module alone and is for any system.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelContents(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        folder = os.environ.get("FCN_WHEEL_FOLDER")
        if not folder or version == "editable":
            return
        for part in ("lib", "bin"):
            for path in sorted(Path(folder, part).iterdir()):
                build_data["force_include"][str(path)] = f"fcnswift/{part}/{path.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{os.environ['FCN_WHEEL_PLATFORM']}"
