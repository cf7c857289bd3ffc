"""Every statement of the services, found where it stands: upper-case constants, and texts given to the driver."""

import ast
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from inspect import getsource
from types import ModuleType

SERVICES = ("intake", "routing", "followup", "analytics")
SHARED = {"shared.messaging": "intake", "shared.jobs": "intake", "shared.http": "routing"}
"""In whose database the statements of these packages are explained: where their tables are."""
_SQL = re.compile(r"\s*(select|insert|update|delete|with)\s")
_CONSTANT = re.compile(r"_?[A-Z][A-Z_]*")
_DRIVER = frozenset(("execute", "fetch", "fetchrow", "fetchval"))


def statements() -> dict[str, tuple[str, str]]:
    """By module and name, or by module and text: the service whose database it is for, and the statement."""
    places = {f"services.{service}.adapters.db": service for service in SERVICES} | SHARED
    return {
        f"{module.__name__}:{name}": (service, text)
        for package, service in places.items()
        for module in _modules(package)
        for name, text in _of(module)
    }


def _modules(package: str) -> Iterator[ModuleType]:
    root = import_module(package)
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        yield import_module(found.name)


def _of(module: ModuleType) -> Iterator[tuple[str, str]]:
    for name, value in vars(module).items():
        if _CONSTANT.fullmatch(name):
            parts = value.items() if isinstance(value, dict) else [("", value)]
            yield from (
                (f"{name}.{part}".strip("."), text) for part, text in parts if _is_sql(text)
            )
    for node in ast.walk(ast.parse(getsource(module))):
        match node:
            case ast.Call(func=ast.Attribute(attr=attr), args=[ast.Constant(value=text), *_]):
                if attr in _DRIVER and isinstance(text, str) and _SQL.match(text):
                    yield text, text


def _is_sql(value: object) -> bool:
    return isinstance(value, str) and _SQL.match(value) is not None
