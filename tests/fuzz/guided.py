"""Coverage-guided fuzzing with atheris, in a process of its own: it instruments modules while they are imported."""

from __future__ import annotations

import importlib.util
import re
import resource
import subprocess
import sys
from pathlib import Path
from random import Random

from tests.fuzz.trial import Findings

NAME = "coverage-guided"
_INSTRUMENTED = ["protocol", "client", "service", "escrow", "venue", "base45"]
_FINDING = "finding: "
_DATA_BYTES = 2**29
"""How much memory the fuzzer may have. libFuzzer's own limit counts what the process that started it once used."""


def is_available() -> bool:
    """Whether atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def fuzz_guided(findings: Findings, seed: int, inputs: int, seconds: int, directory: Path) -> None:
    """Run atheris over all cheap decoders until it made `inputs` inputs or `seconds` have passed.

    Its files are in `directory`: it ends without a chance to tidy up.
    """
    options = (
        f"-seed={seed % 2**31 + 1}",
        f"-runs={inputs}",
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=30",
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fuzz.guided",
            str(findings.directory),
            str(directory),
            *options,
            "-verbosity=0",
            "-print_final_stats=1",
            "-rss_limit_mb=0",
            f"-artifact_prefix={directory}/",
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    output = done.stdout + done.stderr
    stated = re.search(r"^stat::number_of_executed_units: (\d+)$", output, re.MULTILINE)
    tried = int(stated[1]) if stated else 0
    findings.inputs += tried
    for line in output.splitlines():
        if line.startswith(_FINDING):
            findings.crash(NAME, line.removeprefix(_FINDING), line.encode())
    if done.returncode or not tried:
        findings.crash(NAME, f"the fuzzer ended with status {done.returncode} after {tried} inputs", output.encode())


def main(findings_directory: Path, directory: Path, options: list[str]) -> None:
    """Instrument the decoders and fuzz them until the options of libFuzzer say stop; ends the process."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]  # noqa: PLC0415 - optional

    with atheris.instrument_imports(include=_INSTRUMENTED):
        from tests.fuzz.decoders import all_decoders  # noqa: PLC0415 - instrumented

    findings = Findings(findings_directory)
    home, corpus = directory / "files", directory / "corpus"
    home.mkdir(parents=True)
    corpus.mkdir()
    random = Random(0)
    decoders = [decoder for decoder in all_decoders(random, home) if decoder.cost < 10]
    assert len(decoders) < 256
    resource.setrlimit(resource.RLIMIT_DATA, (_DATA_BYTES, _DATA_BYTES))
    for number, decoder in enumerate(decoders):
        for place, sample in enumerate(decoder.samples[:2]):
            (corpus / f"{number}-{place}").write_bytes(bytes([number]) + sample)

    def try_input(data: bytes) -> None:
        """The first byte chooses the decoder."""
        if data and data[0] < len(decoders):
            known = len(findings.files)
            findings.try_decoder(decoders[data[0]], data[1:])
            for what, path in list(findings.files.items())[known:]:
                print(f"{_FINDING}{what} {path}", flush=True)  # noqa: T201 - read by fuzz_guided

    atheris.Setup([sys.argv[0], *options, str(corpus)], try_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
