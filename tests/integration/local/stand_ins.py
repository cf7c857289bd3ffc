"""Services that start at once and do nothing, to try the launcher with."""

from pathlib import Path

from deploy.local.platform import SERVICES

_STAND_IN = """
import http.server, json, os, pathlib, sys, time

role = sys.argv[1]
seen = {"at": time.time(), "environment": dict(os.environ)}
pathlib.Path(f"{SERVICE}-{role}.json").write_text(json.dumps(seen))
if os.environ.get("RAPPORT_BREAK") == role:
    sys.exit("the stand-in was set to break")
if role == "migrate":
    sys.exit()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()


port = int(os.environ["RAPPORT_OPS__PORT"])
http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""


def write_stand_ins(root: Path) -> None:
    """Put a stand-in for each service into `root`.

    Each writes `<service>-<role>.json` there: when it was started, in what environment. A role
    named by RAPPORT_BREAK breaks.
    """
    for service in SERVICES:
        folder = root / "services" / service
        folder.mkdir(parents=True)
        (folder / "__main__.py").write_text(f"SERVICE = {service!r}\n{_STAND_IN}")
