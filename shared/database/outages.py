"""What PostgreSQL, its driver and the way to it say when they are away, and how a person is told."""

from ssl import SSLCertVerificationError

import asyncpg

# What goes away by itself: the server, the network, a lock, a deadlock's loser. Never a wrong statement.
OUTAGES = (
    OSError,  # TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password that is being replaced
    asyncpg.InsufficientPrivilegeError,  # a user that may not yet do what its role is for
    asyncpg.InternalClientError,  # the server closed the connection in the middle of a statement
)

AMBIGUOUS = (asyncpg.InterfaceError, RuntimeError)
"""What driver and event loop say of a connection that is gone, and of mistakes of ours."""


def reason(error: BaseException) -> str:
    """What stands in the way: in a sentence where somebody has to act, else by its type's name alone.

    An error's own text may quote a value that is personal; those that are repeated here name tables and servers.
    """
    if isinstance(error, SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return f"its certificate is not trusted ({why})"
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return str(error.args[0])
    return type(error).__name__
