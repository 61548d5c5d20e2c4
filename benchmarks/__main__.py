"""Print each figure for dockerd and for Boxship, and the ratio.

python -m benchmarks [--only GLOB] [--engine boxship|dockerd]
"""

import argparse
import fnmatch
import shutil
import sys

from benchmarks import (
    archives,
    building,
    clients,
    executing,
    hub,
    logging,
    memory,
    names,
    networking,
    publishing,
    sharing,
    starting,
    working,
)
from benchmarks.figure import Figure
from support import engines

FIGURES: list[Figure] = [
    *memory.FIGURES,
    *starting.FIGURES,
    *executing.FIGURES,
    *clients.FIGURES,
    *logging.FIGURES,
    *archives.FIGURES,
    *sharing.FIGURES,
    *building.FIGURES,
    *hub.FIGURES,
    *publishing.FIGURES,
    *names.FIGURES,
    *working.FIGURES,
    *networking.FIGURES,
]


# Tests keep Docker's rules out of where they run. Here both engines are as people have them.
_AS_IT_COMES = {"dockerd": "dockerd_with_rules"}


def _measure(kind: str, figures: list[Figure]) -> dict[str, float]:
    values = {}
    with engines.running(_AS_IT_COMES.get(kind, kind)) as engine:
        for figure in figures:
            print(f"{kind}: {figure.name}", file=sys.stderr, flush=True)
            try:
                values[figure.name] = figure.measure(engine)
            except Exception as error:
                # One figure that cannot be had must not cost the others.
                print(f"  failed: {error}", file=sys.stderr)
    return values


def _verdict(figure: Figure, ours: float | None, theirs: float | None) -> tuple[str, str]:
    """The ratio and whether the budget is kept."""
    ratio = ours / theirs if ours is not None and theirs else None
    text = f"{ratio:.3f}" if ratio is not None else "-"
    kept = True
    if figure.budget is not None and ratio is not None:
        kept = ratio <= figure.budget
    if figure.ceiling is not None and ours is not None:
        kept = kept and ours <= figure.ceiling
    return text, "" if kept else "over"


def _limit(figure: Figure) -> str:
    if figure.ceiling is not None:
        return figure.shown(figure.ceiling)
    return "-" if figure.budget is None else f"{figure.budget} x"


def main() -> int:
    """Measure and print; 0 even if a budget is exceeded: a busy machine is not a defect."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--only", default="*", help="glob of figure names")
    parser.add_argument("--engine", choices=["boxship", "dockerd"], help="measure one only")
    options = parser.parse_args()
    chosen = [figure for figure in FIGURES if fnmatch.fnmatch(figure.name, options.only)]
    kinds = [options.engine] if options.engine else ["dockerd", "boxship"]
    if shutil.which("dockerd") is None and "dockerd" in kinds:
        print("dockerd is not installed: no ratios", file=sys.stderr)
        kinds.remove("dockerd")
    values = {kind: _measure(kind, chosen) for kind in kinds}
    row = "{:34} {:>12} {:>12} {:>7} {:>9} {}"
    print(row.format("figure", "dockerd", "boxship", "ratio", "at most", ""))
    for figure in chosen:
        ours = values.get("boxship", {}).get(figure.name)
        theirs = values.get("dockerd", {}).get(figure.name)
        ratio, verdict = _verdict(figure, ours, theirs)
        shown = [figure.shown(theirs), figure.shown(ours), ratio, _limit(figure), verdict]
        print(row.format(figure.name, *shown).rstrip())
    return 0


sys.exit(main())
