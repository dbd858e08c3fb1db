"""The benchmark's command line."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console
from rich.markdown import Markdown

from benchmarks.plots import plots
from benchmarks.report import as_page, as_part, with_figures
from benchmarks.results import Results
from benchmarks.section import Effort
from benchmarks.sections import SECTIONS
from service.files import write_public

FOLDER = Path(__file__).parent
DOCUMENTS = [FOLDER.parent / "README.md", *sorted((FOLDER.parent / "spec").rglob("*.md"))]
"""Where measured figures stand, each behind a comment that names it."""
_HELP = """Measure what each protocol operation and each server costs.

Everything is measured next to its floor, which is what the spec makes unavoidable, and next to what a user would pick
instead. Only the ratios travel from one machine to another. Without a SECTION all are measured:

\b
""" + "\n".join(f"  {section.name:<12} {section.title}" for section in SECTIONS.values())


@click.command(help=_HELP)
@click.argument("names", nargs=-1, metavar="[SECTION]...", type=click.Choice(list(SECTIONS)))
@click.option(
    "--quick", "effort", flag_value=Effort.QUICK, help="Seconds: rougher numbers, which are shown and not kept."
)
@click.option("--usual", "effort", flag_value=Effort.USUAL, default=True, help="Minutes. This is the default.")
@click.option("--full", "effort", flag_value=Effort.FULL, help="Hours: also what is largest.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=FOLDER,
    help="Where results and page are written.  [default: benchmarks/, and figures in README and spec]",
)
@click.option("--page", "only_page", is_flag=True, help="Measure nothing: write the page from the results again.")
@click.option("--anew", is_flag=True, help="Begin again where a run was stopped, instead of going on.")
def main(names: tuple[str, ...], effort: Effort, folder: Path, only_page: bool, anew: bool) -> None:
    """Measure, show and, unless the run is quick, write."""
    chosen = [one for name, one in SECTIONS.items() if (name in names if names else one.least <= effort)]
    unfinished, finished = folder / f"unfinished-{effort.name.lower()}.json", folder / "results.json"
    if anew or effort is Effort.QUICK:
        unfinished.unlink(missing_ok=True)
    if only_page:
        _publish(Results(), finished, folder / "README.md")
        return
    results, messages = Results.read(unfinished), Console(stderr=True)
    if results.runs:
        messages.print(f"Going on after {', '.join(results.runs)}; --anew begins again.")
    for section in chosen:
        if section.name not in results.runs:
            with messages.status(f"{section.title}: measuring"):
                begin = time.monotonic()
                measured = section.measure(effort)
            results.put(section.name, measured, effort, time.monotonic() - begin)
            if effort is not Effort.QUICK:
                results.write(unfinished)
        Console().print(Markdown(as_part(section, results)))
    if effort is not Effort.QUICK:
        _publish(results, finished, folder / "README.md")
        unfinished.unlink(missing_ok=True)
        messages.print(f"Written: {finished}, {folder / 'README.md'}")


def _publish(measured: Results, finished: Path, page: Path) -> None:
    """Put what was measured beside what earlier runs have measured, and write the page."""
    results = Results.read(finished)
    results.adopt(measured)
    results.write(finished)
    write_public(page, as_page(results).encode())
    if page.parent == FOLDER:
        for document in DOCUMENTS:
            write_public(document, with_figures(document.read_text("utf-8"), results).encode())
    pictures = page.with_name("plots")
    pictures.mkdir(exist_ok=True)
    for name, picture in plots(results).items():
        write_public(pictures / f"{name}.svg", picture)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
