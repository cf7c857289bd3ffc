"""One way to run every process: roles, signals, and an orderly end."""

from shared.runtime.service import Role, Service, run
from shared.runtime.supervision import Part

__all__ = ["Part", "Role", "Service", "run"]
