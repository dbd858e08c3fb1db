"""A small page with everything that a page may have, and its build."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.vectors.javascript import WEB, install_packages, program

FILES = {
    "index.html": '<!doctype html><html lang="ko"><title>Page</title><link rel="stylesheet" href="style.css">'
    '<link rel="manifest" href="manifest.webmanifest"><a href="scan.html">Scan</a>'
    '<script type="module" src="main.js"></script></html>',
    "scan.html": '<!doctype html><title>Scan</title><a href="index.html">Back</a>',
    "main.js": "import { one } from '../ui/one.js';\n"
    "new Worker(new URL('./decoder.js', import.meta.url), { type: 'module' });\n"
    "import('./later.js').then(({ two }) => { document.title = String(one + two); });\n",
    "later.js": "export const two = 2;\n",
    "decoder.js": "fetch(new URL('./decoder.wasm', import.meta.url));\n",
    "decoder.wasm": "not really",
    "serviceWorker.js": "self.names = Object.keys(BUILT_FILES);\n",
    "manifest.webmanifest": '{"name": "Page", "icons": [{"src": "icon.png", "sizes": "1x1"}]}',
    "icon.png": "not really either",
    "style.css": "body { background: url(icon.png); }\n",
}
"""The files of a page, whose script takes something from the folder beside it."""


def write_page(sources: Path, page: str = "visitor", **changes: str) -> None:
    """Write the page into a folder of sources, with other files where they are given (`index_html=`)."""
    folder = sources / page
    folder.mkdir(parents=True)
    for name, text in (FILES | {name.replace("_", "."): text for name, text in changes.items()}).items():
        (folder / name).write_text(text, "utf-8")
    (sources / "ui").mkdir(exist_ok=True)
    (sources / "ui" / "one.js").write_text("export const one = 1;\n", "utf-8")


def build(output: Path, *sources: Path) -> subprocess.CompletedProcess[str]:
    """Build the pages of a folder of sources, or those of `web/`."""
    install_packages()
    command = [program("node"), "build.mjs", str(output), *map(str, sources)]
    return subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)


def manifest_of(page: Path) -> dict[str, Any]:
    """The manifest of a built page."""
    manifest: dict[str, Any] = json.loads((page / "manifest.json").read_text("utf-8"))
    return manifest


def content_of(page: Path) -> dict[str, bytes]:
    """All bytes of a built page, by name."""
    return {path.name: path.read_bytes() for path in page.iterdir()}
