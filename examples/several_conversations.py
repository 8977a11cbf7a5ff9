"""Several conversations on one session: one socket, a lane each, and each turn sends only what is new.

    python examples/several_conversations.py

Talks to a simulated server on this machine; no key is needed. A real program opens its session without an endpoint, and with
``OPENAI_API_KEY`` in its environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import trio

from rejoinder.engine import Endpoint, Session, open_session
from rejoinder.states import OPENAI
from rejoinder.testing import ModelServer
from rejoinder.testing.simulator import serve


async def converse(session: Session, name: str, questions: list[str]) -> None:
    """Hold one conversation; its history is its own, the session is shared."""
    history: list[Mapping[str, Any]] = []
    for question in questions:
        history.append({"role": "user", "content": question})
        async with session.respond(history) as response:
            text = await response.text()
        history.extend(response.output)
        print(f"{name}: {text}")


async def main() -> None:
    """Hold three conversations side by side, and say what the wire was spared."""
    questions = ["one", "two", "three"]
    async with (
        serve(ModelServer()) as simulator,
        open_session(Endpoint(simulator.url, api_key="none", profile=OPENAI)) as session,
    ):
        async with trio.open_nursery() as nursery:
            for name in ("Ada", "Bela", "Clara"):
                nursery.start_soon(converse, session, name, questions)
        figures = session.statistics()
        print(f"{figures.creates} turns on {len(figures.links)} socket, {figures.reused} of them continued.")
        print(f"{figures.items_sent} items sent, {figures.items_saved} saved.")


if __name__ == "__main__":
    trio.run(main)
