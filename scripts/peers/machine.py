"""What is measured on, and whether it is quiet."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from pathlib import Path

#: What decides how fast these engines are, of all that processors list.
INSTRUCTION_SETS = [
    "avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8",
    "amx_bf16", "asimd", "asimddp", "i8mm", "bf16", "sve", "sve2"]


def description() -> dict:
    """The machine in a report's words."""
    fields: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    listed = (fields.get("flags") or fields.get("Features") or "").split()
    processor = fields.get("model name", platform.machine())
    if "cpu family" in fields:
        processor += f" (family {fields['cpu family']}, model {fields.get('model', '?')})"
    return {
        "processor": processor, "cores": len(os.sched_getaffinity(0)),
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in listed],
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def has_bfloat16() -> bool:
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(description()["instruction_sets"])


def times() -> tuple[float, float]:
    """Core seconds since the machine started: worked, and stolen by the host for other guests."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / ticks, steal / ticks


def wait_until_quiet(patience: float) -> None:
    """Returns once others use less than a quarter of a core, or after `patience` seconds."""
    end = time.monotonic() + patience
    while True:
        (before, _), start = times(), time.monotonic()
        time.sleep(0.5)
        used = (times()[0] - before) / (time.monotonic() - start)
        if used < 0.25 or time.monotonic() > end:
            return
        time.sleep(2)


class Disturbance:
    """What others did, from when this is made: cores' worth of work, and of time stolen."""

    def __init__(self) -> None:
        self.start, self.own, (self.worked, self.stolen) = time.monotonic(), children(), times()

    def rates(self) -> dict:
        seconds = time.monotonic() - self.start
        worked, stolen = times()
        others = worked - self.worked - (children() - self.own)
        return {"others": round(max(0.0, others) / seconds, 3),
                "stolen": round((stolen - self.stolen) / seconds, 3)}


def children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """The most memory this process has had, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform == "linux" else 1024**2)
