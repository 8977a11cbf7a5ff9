"""A conversation over HTTP alone: for networks that let no WebSocket through.

    OPENAI_API_KEY=… python examples/http_only.py "Tell me a story" "And then?"

With an address as RESPONSES_URL (``wss://…``; HTTP asks the same host with ``https://``) it talks to another server.
"""

import os
import sys
from typing import Any

import trio

from rejoinder.engine import ConnectionFailed, Endpoint, Interrupted, ResponseFailed, open_session
from rejoinder.engine.endpoint import OPENAI_URL


async def main(questions: list[str]) -> int:
    """Ask one question after the other, each with all that was said before."""
    said: list[dict[str, Any]] = []
    endpoint = Endpoint(os.environ.get("RESPONSES_URL", OPENAI_URL))
    async with open_session(endpoint, transport="http") as session:
        for question in questions:
            said.append({"role": "user", "content": question})
            try:
                async with session.respond(said) as response:
                    async for piece in response.text_deltas():
                        print(piece, end="", flush=True)
                    result = await response.result()
            except ConnectionFailed as failure:
                print(f"There is no server: {failure}")
                return 1
            except Interrupted as failure:
                # What came so far is in failure.partial; asking again would repeat it unless this says otherwise.
                print(f"\nInterrupted: {failure} (safe to ask again: {failure.verdict and failure.verdict.replay_safe})")
                return 1
            except ResponseFailed as failure:
                print(f"\nThe server refused: {failure} ({failure.request_id})")
                return 1
            print()
            if result.status == "incomplete":
                print(f"(cut short: {result.incomplete_reason})")
            said.extend(dict(item) for item in result.output)
    return 0


if __name__ == "__main__":
    sys.exit(trio.run(main, sys.argv[1:] or ["Hello"]))
