"""Run one of the servers as intake's own is run: uvicorn, uvloop, httptools, no access log."""

import sys

import uvicorn


def main(name: str, port: str) -> None:
    """Serve until told to stop."""
    uvicorn.run(
        f"benchmarks.servers.{name}:app",
        port=int(port),
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_level="error",
        backlog=2048,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
