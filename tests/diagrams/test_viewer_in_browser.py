"""The viewer in a real browser: what it shows at every step is what a session says there, and it can be used without a mouse.

Rules of this file
* The oracle is a session that is fed the trace anew, beside the page.
* After each test the console is empty, and nothing was asked for but the page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys
from typer.testing import CliRunner

from cli.processes import Process
from harness.chromium import Browser, open_browser
from harness.rotating import rotation
from harness.telling import HOSTILE, hostile_frame, interrupted
from rejoinder.cli.application import application
from rejoinder.diagrams.viewer import build_page, page_data
from rejoinder.states import session as session_module
from rejoinder.states.effects import Deliver, Moved, Note
from rejoinder.states.events import Received
from rejoinder.states.profiles import AZURE, OPENAI, CancelPolicy, Policy
from rejoinder.states.session import Session
from rejoinder.states.trace import Entry, Fed, Gap, Header, Reading, Trace, read_lines, write_lines

pytestmark = pytest.mark.browser

SERIAL: Final = Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN))
WITHOUT_SOCKET: Final = frozenset({"closed", "connecting", "reconnecting", "failed"})
AXE: Final = "REJOINDER_AXE"
"""The environment variable that names the file ``axe.min.js`` of axe-core, which no repository of ours carries."""

NOW: Final = """
    return [...document.querySelectorAll('#phases li')].filter((item) => item.querySelector('.chip')).map(
      (item) => [item.firstChild.textContent.trim(), item.querySelector('.chip').textContent]);
"""
LIT: Final = """
    return [...document.querySelectorAll('.phase.lit')].map(
      (group) => [group.closest('figure').dataset.machine, group.dataset.phase]);
"""
TAKEN: Final = """
    return [...document.querySelectorAll('.arrow.taken')].map((group) => [group.dataset.source, group.dataset.target]);
"""
CURRENT: Final = "return [document.getElementById('number').value, location.hash, document.querySelector('#events .current')?.id];"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser]:
    with open_browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Generator[Browser]:
    yield chromium
    asked = chromium.requests()

    assert [] == chromium.complaints()
    assert [] == [address for address in asked if not address.startswith(("file:", "data:", "about:"))]
    assert len([address for address in asked if address.startswith("file:")]) <= 1


def shown(browser: Browser, folder: Path, header: Header, entries: Sequence[Entry], fragment: str = "") -> Trace:
    """Let the browser show a trace; returns it as it was read back."""
    lines = list(write_lines(header, entries))
    page = folder / "page.html"
    page.write_text(build_page("a trace", page_data(Reading(lines))), "utf-8")
    browser.open(page, fragment)
    return read_lines(lines)


def key(move: Moved) -> str:
    if move.machine == "request":
        return f"r{move.request}"
    return f"L{move.link}" if move.machine == "link" else f"L{move.link}/{move.lane or 'its lane'}"


def phases_of(session: Session, seen: set[str]) -> dict[str, str]:
    """The phase of each machine of a session that has moved, and is not at its end."""
    links = {f"L{link.number}": str(link.phase) for link in session.links.values() if link.phase != "closed"}
    lanes = {
        f"L{link.number}/{lane.name or 'its lane'}": str(lane.phase)
        for link in session.links.values()
        for lane in link.lanes.values()
    }
    requests = {f"r{request.number}": str(request.phase) for request in session.requests.values()}
    return {name: phase for name, phase in (links | lanes | requests).items() if name in seen}


def compare_at_every_step(browser: Browser, trace: Trace) -> None:
    """Step from the beginning to the end by keyboard; at every step, compare with a session that is fed alike."""
    session = Session(trace.profile, trace.policy)
    seen: set[str] = set()
    kinds = {"L": "link", "r": "request"}
    browser.press(Keys.HOME)
    for number, fed in enumerate(trace.feds, 1):
        if number > 1:
            browser.press(Keys.ARROW_RIGHT)
        session.feed(fed.event, fed.at)
        moves = [effect for effect in fed.effects if isinstance(effect, Moved)]
        seen |= {key(move) for move in moves}
        now: dict[str, str] = dict(browser.ask(NOW))
        dead = {name for name, phase in now.items() if name.startswith("L") and "/" not in name and phase in WITHOUT_SOCKET}
        alive = {
            name: phase
            for name, phase in now.items()
            if phase not in {"closed", "ended"} and name.split("/")[0] not in dead - {name}
        }

        assert [str(number), f"#step={number}", f"step-{number}"] == browser.ask(CURRENT)
        assert phases_of(session, seen) == alive, f"at step {number}"
        lit = {("response" if "/" in name else kinds[name[0]], phase) for name, phase in now.items()}
        assert lit == {(kind, phase) for kind, phase in browser.ask(LIT)}, f"at step {number}"
        moved = {(move.source, move.target) for move in moves if move.source != move.target}
        assert moved == {(source, target) for source, target in browser.ask(TAKEN)}, f"at step {number}"


@pytest.mark.slow
def test_the_demo_is_shown_as_a_replay_says(browser: Browser, tmp_path: Path) -> None:
    recorded, page = tmp_path / "demo.trace.jsonl", tmp_path / "demo.html"

    # How quick this machine was is judged elsewhere: what counts here is that whatever happened is shown.
    CliRunner().invoke(application, ["demo", "--fast", "--trace", str(recorded)])
    assert 0 == CliRunner().invoke(application, ["view", str(recorded), "-o", str(page)]).exit_code
    browser.open(page)
    with recorded.open(encoding="ascii") as lines:
        compare_at_every_step(browser, read_lines(lines))


def test_two_lanes_a_rotation_and_a_drain_are_shown_as_a_session_says(browser: Browser, tmp_path: Path) -> None:
    header, feds = rotation()
    trace = shown(browser, tmp_path, header, feds)
    taken = {(move.machine, move.target) for fed in feds for move in fed.effects if isinstance(move, Moved)}

    assert {("link", "retiring"), ("response", "draining")} <= taken
    compare_at_every_step(browser, trace)


def test_a_counterexample_is_shown_as_a_session_says(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = session_module.RESPONSE_ROWS
    clean = rows["draining"]["Failed"]
    changed = {phase: {**row, "Expired": clean} if phase in {"draining", "cancel_pending"} else row for phase, row in rows.items()}
    monkeypatch.setattr(session_module, "RESPONSE_ROWS", changed)

    assert 1 == CliRunner().invoke(application, ["check", "serial-hedge", "--output", str(tmp_path)]).exit_code
    with (tmp_path / "serial-hedge.jsonl").open(encoding="ascii") as lines:
        trace = read_lines(lines)
    # Such a row is in no table, so no arrow of the picture shows it: here, what is lit and known counts.
    trace = shown(browser, tmp_path, trace.header, trace.entries)
    session = Session(trace.profile, trace.policy)
    for fed in trace.feds:
        session.feed(fed.event, fed.at)
    browser.press(Keys.END)

    assert [str(len(trace.feds)), f"#step={len(trace.feds)}", f"step-{len(trace.feds)}"] == browser.ask(CURRENT)
    alive = {name: phase for name, phase in browser.ask(NOW) if phase not in {"closed", "ended"}}
    assert phases_of(session, set(alive)) == alive


# Ways to get about.


def test_an_address_leads_to_a_step(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, SERIAL, interrupted(), "#step=9")

    assert ["9", "#step=9", "step-9"] == browser.ask(CURRENT)
    browser.ask("location.hash = '#step=4'; dispatchEvent(new HashChangeEvent('hashchange'))")
    assert ["4", "#step=4", "step-4"] == browser.ask(CURRENT)


def test_an_address_beyond_the_end_leads_to_the_end(browser: Browser, tmp_path: Path) -> None:
    trace = shown(browser, tmp_path, SERIAL, interrupted(), "#step=999")

    assert str(len(trace.feds)) == browser.ask(CURRENT)[0]


def test_keys_lead_back_and_to_the_ends(browser: Browser, tmp_path: Path) -> None:
    trace = shown(browser, tmp_path, SERIAL, interrupted())

    browser.press(Keys.END)
    assert str(len(trace.feds)) == browser.ask(CURRENT)[0]
    browser.press(Keys.ARROW_LEFT, Keys.ARROW_UP)
    assert str(len(trace.feds) - 2) == browser.ask(CURRENT)[0]
    browser.press(Keys.HOME)
    assert "1" == browser.ask(CURRENT)[0]
    browser.press(Keys.ARROW_LEFT)
    assert "1" == browser.ask(CURRENT)[0]


def test_an_arrow_leads_to_the_step_that_took_it(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, SERIAL, interrupted())

    browser.click("figure[data-machine=response] .arrow[data-source=streaming][data-target=draining][data-events~=Cancel]")
    assert "9" == browser.ask(CURRENT)[0]
    assert [["streaming", "draining"], ["sent", "ended"]] == browser.ask(TAKEN)
    browser.click("figure[data-machine=link] .arrow[data-source=connecting][data-target=open]")
    assert "2" == browser.ask(CURRENT)[0]


def test_an_arrow_that_was_not_taken_leads_nowhere(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, SERIAL, interrupted(), "#step=5")

    browser.click("figure[data-machine=response] .arrow[data-source=streaming][data-target=failing]")
    assert "5" == browser.ask(CURRENT)[0]


def test_a_phase_and_a_row_and_the_time_line_lead_to_their_steps(browser: Browser, tmp_path: Path) -> None:
    trace = shown(browser, tmp_path, SERIAL, interrupted())

    browser.click("figure[data-machine=response] .phase[data-phase=draining]")
    assert "9" == browser.ask(CURRENT)[0]
    browser.click("#step-6")
    assert "6" == browser.ask(CURRENT)[0]
    browser.ask(
        "const canvas = document.getElementById('time-canvas'); const place = canvas.getBoundingClientRect();"
        "canvas.dispatchEvent(new MouseEvent('click', {clientX: place.right - 5, clientY: place.top + 5, bubbles: true}))"
    )
    assert str(len(trace.feds)) == browser.ask(CURRENT)[0]


def test_marks_are_found_one_after_the_other(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, SERIAL, [*interrupted(), Gap(9.0, 3)])
    found: list[str] = []
    for _ in range(3):
        browser.press("m")
        found.append(browser.ask("return document.querySelector('#events .current').textContent"))

    assert "interruption" in found[0]
    assert "drain" in found[0]
    assert "gap" in found[1]
    assert found[0] == found[2]


def test_a_lane_is_filtered(browser: Browser, tmp_path: Path) -> None:
    header, feds = rotation()
    shown(browser, tmp_path, header, feds)
    every = browser.ask("return view.filtered.length")
    browser.ask("const lane = document.getElementById('lane'); lane.value = 'L1/lane-1'; lane.dispatchEvent(new Event('change'))")
    kept = browser.ask("return view.filtered.map((index) => model.steps[index])")
    browser.press(Keys.HOME, *[Keys.ARROW_RIGHT] * (len(kept) - 1))

    assert 0 < len(kept) < every
    assert all("L1/lane-1" in step["places"] for step in kept)
    assert kept[-1]["text"] in browser.ask("return document.getElementById('what').textContent")
    assert ["L1", "L1/lane-1"] == browser.ask(
        "return [...document.querySelectorAll('#row-names div')].map((each) => each.textContent)"
    )


def test_it_plays_to_the_end(browser: Browser, tmp_path: Path) -> None:
    """The page's own timers are put forward by hand: nothing is waited for."""
    trace = shown(browser, tmp_path, SERIAL, interrupted())
    browser.ask("window.due = []; window.setTimeout = (act) => due.push(act); window.clearTimeout = () => { due.length = 0; }")
    browser.press(" ")
    assert "Pause" == browser.ask("return document.getElementById('play').textContent")
    browser.ask("while (due.length) due.shift()()")

    assert [str(len(trace.feds)), "Play"] == [
        browser.ask(CURRENT)[0],
        browser.ask("return document.getElementById('play').textContent"),
    ]


@pytest.mark.parametrize("width", [500, 700, 900, 1400])
def test_nothing_of_the_time_line_covers_the_rest(width: int, browser: Browser, tmp_path: Path) -> None:
    wide, high = map(int, browser.ask("return [outerWidth, outerHeight]"))
    browser.resize(width, 800)
    try:
        shown(browser, tmp_path, SERIAL, interrupted())
        boxes: list[list[float]] = browser.ask(
            "return ['#time-heading', '#time-legend', '.zoom', '.time .rows'].map((each) => document.querySelector(each)"
            ".getBoundingClientRect()).map((box) => [box.left, box.top, box.right, box.bottom])"
        )
    finally:
        browser.resize(wide, high)

    for number, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= width
        for other_left, other_top, other_right, other_bottom in boxes[:number]:
            assert left >= other_right or other_left >= right or top >= other_bottom or other_top >= bottom


# A session that is under way.


def test_steps_are_shown_as_they_are_written(chromium: Browser, tmp_path: Path) -> None:
    """The page is asked, in its own time, until it shows so many steps."""
    trace = tmp_path / "live.trace.jsonl"
    lines = list(write_lines(SERIAL, interrupted()))
    trace.write_text("".join(lines[:4]), "ascii")
    until = """
        const [count, done] = arguments;
        const what = document.getElementById('what');
        const look = () => model.steps.length === count ? done(what.textContent) : requestAnimationFrame(look);
        look();
    """
    with Process("view", "--live", str(trace)) as process:
        address = re.search(r"http://\S+", process.wait_for("Ctrl-C stops it."))
        assert address is not None
        chromium.driver.get(address[0])
        first = chromium.wait(until, 3)
        with trace.open("a", encoding="ascii") as file:
            file.writelines(lines[4:])
        last = chromium.wait(until, len(interrupted()))
    gone = chromium.wait(
        "const [done] = arguments; const notice = document.getElementById('notice');"
        "const look = () => notice.textContent.includes('not followed') ? done(true) : requestAnimationFrame(look); look();"
    )

    assert str(first).startswith("3. ")
    assert str(last).startswith(f"{len(interrupted())}. ")
    assert gone
    assert {"/", "/events"} == {urlsplit(request).path for request in chromium.requests() if request.startswith("http")}
    chromium.complaints()


# Nothing is guessed, nothing obeyed.


def test_behind_a_gap_nothing_is_known(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, SERIAL, [*interrupted()[:4], Gap(0.6, 3), *interrupted()[8:]], "#step=5")

    assert [] == browser.ask(NOW) == browser.ask(LIT)
    browser.press(Keys.ARROW_RIGHT)
    assert ["r1", "ended"] in browser.ask(NOW)
    assert "L1" not in [name for name, _ in browser.ask(NOW)]


def test_what_a_server_says_is_text(browser: Browser, tmp_path: Path) -> None:
    word = "</script><img src=x onerror=alert(1)>"
    effects = (Deliver(1), Note(HOSTILE, 1, HOSTILE, HOSTILE), Note(word, 1, word, word))
    shown(browser, tmp_path, Header("1.2.3", OPENAI, Policy()), [Fed(0.0, Received(1, hostile_frame()), effects)])

    assert 0 == browser.ask("return document.querySelectorAll('img').length")
    assert word in browser.ask("return document.getElementById('effects').textContent")


def test_an_empty_trace_is_said_to_be_one(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, SERIAL, [])
    browser.press(Keys.ARROW_RIGHT, Keys.HOME, Keys.END, "m", " ")

    assert "Nothing has happened." == browser.ask("return document.getElementById('what').textContent")


def test_ten_thousand_steps_have_no_more_rows_than_are_in_sight(browser: Browser, tmp_path: Path) -> None:
    feds = interrupted()
    many = [feds[5]] * 10_000
    shown(browser, tmp_path, SERIAL, [*feds[:5], *many], "#step=9000")

    assert "9000" == browser.ask(CURRENT)[0]
    assert browser.ask("return document.querySelectorAll('.row').length") < 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: str, browser: Browser, tmp_path: Path) -> None:
    axe = os.environ.get(AXE)
    if not axe:
        pytest.skip(f"{AXE} does not name the file axe.min.js of axe-core (npm install axe-core).")
    browser.driver.execute_cdp_cmd(  # pyright: ignore[reportUnknownMemberType]
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    header, feds = rotation()
    shown(browser, tmp_path, header, feds, "#step=12")
    browser.ask(Path(axe).read_text("utf-8"))
    found = browser.wait(
        "const done = arguments[arguments.length - 1]; axe.run(document, {resultTypes: ['violations']}).then((found) => done("
        "found.violations.map((each) => [each.id, each.nodes.map((node) => node.html.slice(0, 120))])))"
    )

    assert [] == found
