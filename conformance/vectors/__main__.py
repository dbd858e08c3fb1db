"""Write the test vectors, or with `--check` fail if those that are there differ."""

from __future__ import annotations

import sys
from pathlib import Path

import click

DIRECTORY = Path(__file__).parents[2] / "spec" / "vectors"


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Write nothing; name the files that differ and fail.")
def main(check: bool) -> None:
    """Write or check every file of `spec/vectors/`."""
    from conformance.vectors.catalogue import FILES

    wanted = {f"{file.name}.json": file.to_json() for file in (make() for make in FILES)}
    present = {path.name: path.read_text("utf-8") for path in DIRECTORY.glob("*.json")}
    different = sorted(name for name in wanted | present if wanted.get(name) != present.get(name))
    if check:
        for name in different:
            click.echo(f"spec/vectors/{name} differs from what the protocol makes")
        sys.exit(bool(different))
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name in different:
        if name in wanted:
            (DIRECTORY / name).write_text(wanted[name], "utf-8")
        else:
            (DIRECTORY / name).unlink()
        click.echo(f"spec/vectors/{name}")


if __name__ == "__main__":
    main()
