"""The viewer in Chromium: how long a long trace takes to its first view, and a step: ``uv run python -m benchmarks.viewer``.

A session is interrupted again and again until there are enough steps. The first view is measured by the browser's own clock, from
the beginning of the navigation until the first step is shown and painted; a step from the key to the painted page.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from rejoinder.diagrams.viewer import build_page, page_data
from rejoinder.states.codec import decode
from rejoinder.states.continuation import RequestContent
from rejoinder.states.events import Cancel, Create, Event, Opened, Received
from rejoinder.states.profiles import OPENAI, Policy
from rejoinder.states.session import Session
from rejoinder.states.trace import Fed, Header, Reading, write_lines

HEADER: Final = Header("", OPENAI, Policy())
FIRST_VIEW: Final = """
    const done = arguments[arguments.length - 1];
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
"""
STEP: Final = """
    const [key, count, done] = [arguments[0], arguments[1], arguments[arguments.length - 1]];
    const times = [];
    const step = () => {
      const began = performance.now();
      document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
      requestAnimationFrame(() => { const channel = new MessageChannel(); channel.port1.onmessage = () => {
        times.push(performance.now() - began); times.length < count ? step() : done(times); }; channel.port2.postMessage(0); });
    };
    step();
"""


def long_tale(steps: int) -> list[Fed]:
    """Turns of thirty deltas; every third caller leaves in the middle."""
    session = Session(HEADER.profile, HEADER.policy)
    feds: list[Fed] = []
    now = 0.0

    def feed(event: Event) -> None:
        nonlocal now
        now += 0.02
        feds.append(Fed(now, event, tuple(session.feed(event, now))))

    request = 0
    while len(feds) < steps:
        request += 1
        feed(Create(request, RequestContent([{"role": "user", "content": f"Question {request}"}], {"model": "m"})))
        if request == 1:
            feed(Opened(1))
        lane = next(lane for lane in session.links[1].lanes.values() if lane.request == request)
        response, item = f"resp_{request}", f"item_{request}"
        feed(_frame("response.created", lane.name, 0, response={"id": response}))
        feed(_frame("response.output_item.added", lane.name, 1, item={"type": "message", "id": item}, output_index=0))
        for number in range(2, 32):
            if request % 3 == 0 and number == 12:  # noqa: PLR2004 - in the middle
                feed(Cancel(request))
            feed(
                _frame(
                    "response.output_text.delta", lane.name, number, item_id=item, output_index=0, content_index=0, delta="word "
                )
            )
        feed(_frame("response.completed", lane.name, 32, response={"id": response, "status": "completed", "output": []}))
    return feds[:steps]


def _frame(kind: str, lane: str | None, number: int, **fields: Any) -> Received:  # noqa: ANN401 - any JSON
    return Received(1, decode(json.dumps({"type": kind, "stream_id": lane, "sequence_number": number, **fields})))


def main(
    steps: Annotated[int, typer.Option(help="How long the trace is.", min=10)] = 10_000,
    rounds: Annotated[int, typer.Option(help="How often each is measured.", min=1)] = 5,
) -> None:
    """Measure, and print what came of it."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        typer.echo("Chromium or its driver is not installed (apt-get install chromium chromium-driver).", err=True)
        raise typer.Exit(2)
    options = ChromeOptions()
    options.binary_location = binary
    with tempfile.TemporaryDirectory() as folder:
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1500,1100", f"user-data-dir={folder}/profile"):
            options.add_argument(f"--{argument}")
        page = Path(folder, "page.html")
        page.write_text(build_page("long", page_data(Reading(write_lines(HEADER, long_tale(steps))))), "utf-8")
        chrome = Chrome(options=options, service=Service(driver))
        try:
            views: list[float] = []
            for _ in range(rounds):
                chrome.get("about:blank")
                chrome.get(page.as_uri())
                views.append(chrome.execute_async_script(FIRST_VIEW))  # pyright: ignore[reportUnknownMemberType]
            times: list[float] = []
            for key in ("ArrowRight", "End", "ArrowLeft"):
                times += chrome.execute_async_script(STEP, key, 50)  # pyright: ignore[reportUnknownMemberType]
        finally:
            chrome.quit()
    typer.echo(f"{steps} steps, a page of {page_size(steps)}")
    typer.echo(f"first view: median {statistics.median(views):.0f} ms, slowest {max(views):.0f} ms ({rounds} rounds)")
    typer.echo(f"a step: median {statistics.median(times):.1f} ms, slowest {max(times):.1f} ms ({len(times)} steps)")


def page_size(steps: int) -> str:
    """The size of the page, in words."""
    size = len(build_page("long", page_data(Reading(write_lines(HEADER, long_tale(steps))))).encode())
    return f"{size / 1024 / 1024:.1f} MiB"


if __name__ == "__main__":
    typer.run(main)
