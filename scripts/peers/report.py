"""Markdown of what was measured: a table for each network and number of threads, and ratios."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

from .cases import CASES, TRAINING_BATCH
from .engines import PEERS, is_ours

Rows = dict[str, list[dict]]


def read(paths: Iterable[Path]) -> list[dict]:
    """All entries. Each program run begins with one of the machine, and counts rounds anew, so the
    entries get a `turn` that is theirs alone."""
    entries, start = [], 0
    for path in paths:
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            start += entry["kind"] == "machine"
            entries.append({**entry, "turn": (start, entry.get("round"))})
    return entries


def report(paths: Sequence[Path]) -> str:
    entries = read(paths)
    parts = [heading(entries)]
    groups: dict[tuple, Rows] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        if entry["kind"] != "machine":
            groups[entry["kind"], entry["case"], entry["threads"]][entry["engine"]].append(entry)
    for (kind, case, threads), rows in groups.items():
        write = training if kind == "training" else inference
        parts.append(write(case, threads, rows))
    return "\n\n".join(parts) + "\n"


def heading(entries: Sequence[dict]) -> str:
    """What was measured on, when, with which versions, and how quiet it was."""
    machines: dict[str, list[str]] = {}
    versions: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry["kind"] == "machine":
            text = (f"{entry['processor']}, {entry['cores']} cores, "
                    f"{', '.join(entry['instruction_sets'])}; {entry['memory_gb']} GB; "
                    f"{entry['system']}; Python {entry['python']}")
            machines.setdefault(text, []).append(entry["date"])
        elif "version" in entry:
            name = "fcn" if is_ours(entry["engine"]) else entry["engine"].split("_")[0]
            versions[name].add(entry["version"])
    lines = [f"{text}. Measured {' to '.join(sorted({min(dates), max(dates)}))}."
             for text, dates in machines.items()]
    if len(machines) > 1:
        lines.append("**These are several machines: their figures must not be compared.**")
    lines.append("Versions: " + ", ".join(
        f"{name} {' and '.join(sorted(found))}" for name, found in sorted(versions.items())) + ".")
    runs = [entry for entry in entries if "others" in entry]
    if runs:
        lines.append("; ".join(
            f"{text}: median {median(e[key] for e in runs):.3f}, "
            f"most {max(e[key] for e in runs):.2f}"
            for key, text in [("others", "Cores used by others"), ("stolen", "stolen by the host")])
            + ".")
    return "\n".join(lines)


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return ""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *lines])


def good(rows: Rows) -> Rows:
    """Engines with their measurements that succeeded, the quickest first."""
    found = {name: [e for e in entries if "median_s" in e] for name, entries in rows.items()}
    return dict(sorted(
        ((name, entries) for name, entries in found.items() if entries),
        key=lambda item: typical(item[1])))


def failures(rows: Rows) -> list[str]:
    return [f"`{name}` failed {len(failed)} of {len(entries)} times: {failed[-1]['failure']}"
            for name, entries in rows.items()
            if (failed := [entry for entry in entries if "failure" in entry])]


def typical(entries: Sequence[dict], key: str = "median_s") -> float:
    return median(entry[key] for entry in entries)


def spread(entries: Sequence[dict]) -> str:
    """How far the rounds' medians lie apart."""
    medians = [entry["median_s"] for entry in entries]
    if len(medians) < 2:
        return "–"
    return f"{100 * (max(medians) / min(medians) - 1):.0f} %"


def shown(name: str) -> str:
    return f"**`{name}`**" if is_ours(name) else f"`{name}`"


def memory(entries: Sequence[dict]) -> str:
    return f"{typical(entries, 'peak_mb'):.0f} ({typical(entries, 'imported_mb'):.0f})"


def milliseconds(seconds: float) -> str:
    return f"{1e3 * seconds:.1f}" if seconds < 0.1 else f"{1e3 * seconds:.0f}"


def ratio(rows: Rows, peer: str, ours: str, words: str) -> str:
    """The peer's time over ours: the median over rounds, in each of which both had the same
    machine."""
    theirs, own = (
        {entry["turn"]: entry["median_s"] for entry in rows[name]} for name in (peer, ours))
    shared = sorted(theirs[turn] / own[turn] for turn in theirs.keys() & own.keys())
    value = median(shared) if shared else typical(rows[peer]) / typical(rows[ours])
    text = f"{words}: `{peer}` takes **{value:.2f}** times as long as `{ours}`"
    if len(shared) > 1:
        text += f" (rounds {shared[0]:.2f} to {shared[-1]:.2f})"
    return text


def ratios(rows: Rows, wanted: Sequence[tuple[str, Callable[[str], bool]]]) -> list[str]:
    """For each of ours, a line for each of `wanted`: words, and which peers they are of."""
    lines = []
    for ours in filter(is_ours, rows):
        for words, chosen in wanted:
            peer = next((name for name in rows if not is_ours(name) and chosen(name)), None)
            if peer:
                lines.append(ratio(rows, peer, ours, words))
    return lines


def section(title: str, body: str, lines: Sequence[str]) -> str:
    parts = [f"### {title}", body, "\n".join(f"- {line}" for line in lines)]
    return "\n\n".join(part for part in parts if part)


def threads_text(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"


def inference(name: str, threads: int, rows: Rows) -> str:
    case, found = CASES[name], good(rows)
    batch = f", batch {case.batch}" if case.batch > 1 else ""
    title = f"{case.network}, {case.width}×{case.height}{batch}, {threads_text(threads)}"
    head = ["engine", "median ms", "best ms", "spread", "load + first ms", "peak MB (after import)",
            "labels equal", "error"]
    lines = [[
        shown(engine), milliseconds(typical(entries)),
        milliseconds(min(entry["best_s"] for entry in entries)), spread(entries),
        f"{1e3 * typical(entries, 'load_s'):.0f} + {1e3 * typical(entries, 'first_s'):.0f}",
        memory(entries), f"{100 * typical(entries, 'labels_equal'):.3f} %",
        f"{typical(entries, 'error'):.0e}",
    ] for engine, entries in found.items()]
    wanted = [
        ("Fastest float32 peer", lambda engine: PEERS[engine].float32),
        ("OpenVINO's int8", lambda engine: engine == "ov_int8"),
    ]
    return section(title, table(head, lines), ratios(found, wanted) + failures(rows))


def training(name: str, threads: int, rows: Rows) -> str:
    case, found = CASES[name], good(rows)
    title = (f"A training step of {case.network}, {case.width}×{case.height}, batch "
             f"{TRAINING_BATCH}, {threads_text(threads)}")
    head = ["engine", "median s", "best s", "spread", "first s", "peak MB (after import)",
            "losses of the first steps"]
    lines = [[
        shown(engine), f"{typical(entries):.2f}",
        f"{min(entry['best_s'] for entry in entries):.2f}", spread(entries),
        f"{typical(entries, 'first_s'):.2f}", memory(entries),
        ", ".join(f"{loss:.4f}" for loss in entries[0]["losses"][:3]),
    ] for engine, entries in found.items()]
    wanted = [
        ("PyTorch's float32", lambda engine: engine == "torch_cl"),
        ("PyTorch's bfloat16", lambda engine: engine == "torch_autocast_cl"),
    ]
    return section(title, table(head, lines), ratios(found, wanted) + failures(rows))
