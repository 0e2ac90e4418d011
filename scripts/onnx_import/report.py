"""Results in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .compare import Result

EXPORTERS = {"ts": "TorchScript", "dynamo": "dynamo"}
HEADINGS = [
    "network", "exporter", "opset", "sizes", "nodes", "what is special", "largest difference",
    "same labels", "result"]


def row(result: Result) -> list[str]:
    case = result.case
    sizes = {
        "fixed": "fixed", "uneven": "fixed, uneven", "sizes": "any", "batch": "any, any batch"}[case.sizes]
    outcome = result.outcome
    if result.reason:
        reason = result.reason.replace("|", "\\|").replace("<", "\\<")
        outcome += f": {reason}"
    return [
        f"`{case.network}`", EXPORTERS[case.exporter], str(case.opset), sizes,
        str(result.nodes or ""), case.notes,
        "" if result.difference is None else f"{result.difference:.0e}",
        "" if result.agreement is None else percent(result.agreement), outcome]


def percent(part: float) -> str:
    """Never 100 % where one pixel differs."""
    return "100 %" if part == 1 else f"{min(part, 0.999999):.4%}".replace("%", " %")


def table(results: Sequence[Result]) -> str:
    """One row a result, in order of networks, and how many came out how."""
    lines = [HEADINGS, ["---"] * len(HEADINGS)]
    lines += [row(result) for result in sorted(results, key=order)]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    outcomes = Counter(result.outcome for result in results)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    return f"{text}\n{len(results)} files of {len({r.case.network for r in results})} networks: {counts}.\n"


def order(result: Result) -> tuple:
    case = result.case
    return "-" not in case.network, case.network, case.exporter, case.opset
