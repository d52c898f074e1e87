"""The architecture as tests: rooms, their READMEs, what an import may load, what the repository may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "woodshed"
ROOMS = sorted(path for path in SOURCE.iterdir() if (path / "__init__.py").is_file())
MODULES = sorted(SOURCE.rglob("*.py"))


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT / "src")}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.name)
def test_every_room_has_a_short_readme(room: Path) -> None:
    readme = room / "README.md"
    assert readme.is_file()
    lines = readme.read_text().splitlines()
    assert len(lines) <= 15
    text = "\n".join(lines)
    assert "import" in text, "says what it may import"
    assert "tests/" in text, "says which test guards it"


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, woodshed; print([m for m in ('torch', 'numpy', 'sqlalchemy') if m in sys.modules])"
    assert run_python(code).strip() == "[]"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['woodshed', '--help']\n"
        "from woodshed.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'numpy', 'sqlalchemy') if m in sys.modules])"
    )
    assert run_python(code).strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_are_of_a_size_to_read(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= 600


def test_nothing_is_unpickled_and_no_connection_is_opened() -> None:
    forbidden = {"pickle", "shelve", "marshal", "socket", "urllib.request", "http.client", "requests", "dill", "joblib"}
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            assert not forbidden & set(names), module
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
                assert ast.unparse(node.func) not in ("torch.load", "np.load", "numpy.load"), module


def test_no_test_loads_a_library_that_compiles_while_it_runs() -> None:
    """Two workers that write one cache of compiled code crash now and then; figures of such a library are kept."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path.name != "peer_figures.py":
            assert not re.search(r"(import|importorskip\(\"|from) ?(librosa|numba|llvmlite)\b", path.read_text()), path


def test_all_lists_are_sorted_and_true() -> None:
    for room in ROOMS:
        tree = ast.parse((room / "__init__.py").read_text())
        listed = [
            ast.literal_eval(n.value)
            for n in tree.body
            if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"
        ]
        bound = {a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names} - {
            "annotations"
        }
        if listed:
            assert set(listed[0]) <= bound | {
                n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)
            }, room


def test_repository_holds_no_audio_and_no_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    audio = {".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus", ".m4a"}
    assert not [path for path in files if path.suffix.lower() in audio]
    pattern = re.compile(r"(^|[^\w.])/(work|farm|root|home/[a-z]+)/[\w.-]", re.MULTILINE)
    for path in files:
        if path.is_file() and path.suffix in (".py", ".md", ".toml", ".txt", ".yaml", ".cff", ".html", ""):
            text = path.read_text(errors="ignore")
            assert not pattern.search(text), path
