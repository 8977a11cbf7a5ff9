"""Machines are followed from observations alone."""

from rejoinder.cli.machines import Machines
from rejoinder.engine import Moved


def link(source: str, target: str, number: int = 1) -> Moved:
    return Moved("link", source, "Event", target, number)


def lane(source: str, target: str, name: str | None = "lane-1") -> Moved:
    return Moved("response", source, "Event", target, 1, name, 1)


def request(source: str, target: str) -> Moved:
    return Moved("request", source, "Event", target, request=1)


def test_paths_are_told_once_links_first() -> None:
    machines = Machines()
    for moved in (
        request("waiting", "sent"),
        lane("idle", "awaiting_created", None),
        link("closed", "connecting"),
        link("connecting", "open"),
        lane("awaiting_created", "awaiting_created", None),
        lane("awaiting_created", "acknowledged", None),
    ):
        machines.move(moved)

    assert [
        "link 1: closed -> connecting -> open",
        "link 1, its one lane: idle -> awaiting_created -> acknowledged",
        "request 1: waiting -> sent",
    ] == machines.take_paths()
    assert [] == machines.take_paths()


def test_machine_that_stays_where_it_is_has_no_path() -> None:
    machines = Machines()
    machines.move(link("open", "open"))

    assert [] == machines.take_paths()
    assert {("link", "link 1"): "open"} == machines.phases


def test_ended_request_and_closed_link_are_forgotten_once_told() -> None:
    machines = Machines()
    machines.move(lane("idle", "awaiting_created"))
    machines.move(request("sent", "ended"))
    machines.move(link("open", "closed"))
    shown = dict(machines.phases)
    machines.take_paths()

    # The lane goes with its link.
    assert {("request", "request 1"): "ended", ("link", "link 1"): "closed"} == shown
    assert {} == machines.phases


def test_lanes_of_another_link_stay() -> None:
    machines = Machines()
    machines.move(lane("idle", "streaming"))
    machines.move(link("open", "closed", 11))

    assert "streaming" == machines.phases["lane", "link 1, lane-1"]
