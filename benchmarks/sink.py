"""Where traces go while tracing is measured: answers every export with 200 and forgets it."""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter

import uvloop

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"
COUNT = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"


class Sink:
    """Counts the bytes it was given; `GET` returns how many."""

    def __init__(self) -> None:
        self.received = 0

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(await self._response(head, reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _response(self, head: bytes, reader: StreamReader) -> bytes:
        if head.startswith(b"GET "):
            number = b"%d" % self.received
            return COUNT % (len(number), number)
        named = head.lower().find(b"content-length:")
        length = int(head[named + 15 : head.find(b"\r\n", named)])
        self.received += len(await reader.readexactly(length))
        return OK


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(Sink().serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
