"""A platform whose processes run the code of one release or of another."""

from typing import Any

from deploy.local.parts import LocalParts
from deploy.local.platform import SERVICES, Platform, surroundings
from deploy.local.processes import Child
from tests.upgrade.release import Code


class UpgradedPlatform(Platform):
    """As `Platform`, on the databases, topics and code of `code`, which may be changed."""

    def __init__(self, parts: LocalParts, *, code: Code, **options: Any) -> None:
        super().__init__(parts, **options)
        self.code = code

    def prepare(self) -> None:
        """Create databases and topics and migrate, all as `code` has them; again after it changed."""
        self.create_databases()
        for service in SERVICES:
            env = surroundings() | self.code.known(self.migration_environment(service))
            self.code.run("-m", f"services.{service}", "migrate", env=env)
            self.code.run("-m", f"services.{service}", "topics", "create", env=env)

    def spawn(self, service: str, role: str) -> Child:
        """Start one process of `code`; it is not yet ready."""
        argv = [self.code.python, "-m", f"services.{service}", role]
        env = self._environment(service, role)
        name = f"{service}-{role}"
        child = self.parts.instance.spawn(name, argv, env=env, cwd=self.code.tree)
        self.running[service, role] = child
        return child

    def _environment(self, service: str, role: str) -> dict[str, str]:
        return surroundings() | self.code.known(self.environment(service, role))
