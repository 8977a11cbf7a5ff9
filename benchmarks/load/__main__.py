"""Run the load generator: prints its ports as one line of JSON and serves until its input ends."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys

from benchmarks.clients.serving import settle_on

from .server import LoadServer


async def main(certificate: str | None) -> None:
    """Serve until nobody holds the other end of standard input."""
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    server = LoadServer()
    await server.start(context)
    sys.stdout.write(json.dumps({"port": server.port, "secure_port": server.secure_port}) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    settle_on()
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
