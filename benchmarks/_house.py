"""The house drawn from its imports: circles between modules, and arrows that point upward."""

from __future__ import annotations

import ast
from pathlib import Path

ROOMS = (
    ("cli", "studio", "realtime"),
    ("workspace",),
    ("workflows",),
    ("tasks", "exporters"),
    ("families", "training"),
    ("artifacts",),
    ("roles",),
    ("library", "kit", "nn", "sampling", "metrics", "views"),
    ("sound", "score"),
    ("dsp",),
    ("base",),
)
FLOOR = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def imports(source: Path) -> dict[str, set[str]]:
    """Every module under a package folder with the modules of the package it imports, deferred ones included."""
    modules = {_name(source, path): path for path in source.rglob("*.py")}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        found: set[str] = set()
        for node in ast.walk(_without_type_checking(ast.parse(path.read_text(encoding="utf-8")))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                named = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {name if name in modules else node.module for name in named}
        graph[name] = {module for module in found if module in modules and module != name}
    return graph


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected parts of more than one module (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = []
            while not part or part[-1] != node:
                part.append(stack.pop())
            if len(part) > 1:
                found.append(sorted(part))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def upward_arrows(graph: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Imports from a lower room into a higher one, or between two rooms of one floor."""
    wrong = []
    for name, others in graph.items():
        for other in others:
            here, there = _room(name), _room(other)
            if here and there and here != there and FLOOR.get(there, -1) <= FLOOR.get(here, 99):
                wrong.append((name, other))
    return wrong


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in FLOOR else ""


def _name(source: Path, path: Path) -> str:
    parts = [source.name, *path.relative_to(source).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _without_type_checking(tree: ast.Module) -> ast.Module:
    class Drop(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            return (
                None
                if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
                else self.generic_visit(node)
            )

    return Drop().visit(tree)
