"""Write the recordings for auditors, or with `--check` fail if those that are there differ."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.generated import write_or_check

DIRECTORY = Path(__file__).parents[2] / "spec" / "corpus"


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Write nothing; name the files that differ and fail.")
def main(check: bool) -> None:
    """Write or check every recording of `spec/corpus/`."""
    from conformance.corpus.catalogue import files

    write_or_check("spec/corpus", DIRECTORY, files(), check=check)


if __name__ == "__main__":
    main()
