"""Jars by their coordinates (group:artifact:version). One file speaks to jgo."""

import tempfile
from pathlib import Path

from jgo.env import EnvironmentBuilder
from jgo.maven import MavenContext


def download(coordinate: str, repository: Path) -> Path:
    """Fetch one jar, without what it needs, into `repository`; its path there.

    OSError or RuntimeError if it cannot be had. Its content is not to be trusted yet.
    """
    group, artifact, version = coordinate.split(":")
    context = MavenContext(repo_cache=repository, timeout=10)
    return Path(context.project(group, artifact).at_version(version).artifact().resolve())


def resolve(coordinate: str) -> dict[str, str]:
    """A coordinate and all it needs to run: coordinate -> SHA-256 in hex of each jar."""
    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(repo_cache=Path(scratch, "repository"))
        builder = EnvironmentBuilder(context=context, cache_dir=Path(scratch, "environments"))
        lock = builder.from_endpoint(coordinate).lockfile
        found = lock.dependencies if lock else []
        return {f"{one.groupId}:{one.artifactId}:{one.version}": one.sha256 or "" for one in found}
