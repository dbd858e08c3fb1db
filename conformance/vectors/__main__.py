"""Write the test vectors, or with `--check` fail if those that are there differ."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.generated import write_or_check

DIRECTORY = Path(__file__).parents[2] / "spec" / "vectors"


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Write nothing; name the files that differ and fail.")
def main(check: bool) -> None:
    """Write or check every file of `spec/vectors/`."""
    from conformance.vectors.catalogue import FILES

    wanted = {f"{file.name}.json": file.to_json() for file in (make() for make in FILES)}
    write_or_check("spec/vectors", DIRECTORY, wanted, check=check)


if __name__ == "__main__":
    main()
