"""``rejoinder conform``: which promises of the protocol a server keeps.

Rule: here the command line becomes a target, and the report becomes output and a status. The conversations and the judgements are
in ``rejoinder.testing.conform``; what they need is imported when the command runs.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

import typer

from .choices import ProfileName, WireChoice

if TYPE_CHECKING:
    from rejoinder.engine import Endpoint, Settings
    from rejoinder.testing.conform import Report, Row, Target

__all__ = ["conform"]

KEY_VARIABLE = "OPENAI_API_KEY"
NO_KEY = "none-is-asked-for"
"""What stands for the key where a server on this machine asks for none."""


def conform(
    url: Annotated[
        str | None,
        typer.Argument(metavar="URL", help="The server, wss://... A simulated one, on this machine, if none is named."),
    ] = None,
    *,
    profile: Annotated[
        ProfileName | None, typer.Option(help="What the server has.", show_default="what the address suggests")
    ] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="The model that requests name.")] = "gpt-4.1",
    row: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Judge this row only. May be given again.")] = None,
    report: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write verdicts and all frames as JSON; - prints that alone.")
    ] = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="The longest that a conversation may take.")] = 30.0,
    wire: Annotated[WireChoice, typer.Option(help="The library that carries the frames.")] = WireChoice.AUTO,
    proxy: Annotated[str | None, typer.Option(metavar="URL", help="A proxy on the way: http://... or socks5://...")] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the rows, and stop.")] = False,
) -> None:
    """Print which promises of the protocol a server keeps.

    Without a URL the server is simulated. The key is read from OPENAI_API_KEY; a server on this machine needs none. A server with
    a model behind it is asked some 30 short questions, which cost what they cost. Status 1 if a promise is broken.
    """
    from rejoinder.engine import Settings
    from rejoinder.testing.conform.rows import ROWS, UnknownRow, select

    from .conform_report import listed
    from .files import check_report
    from .refusals import CannotDo, Refusal, refuse
    from .running import run

    try:
        rows = select(row or ())
    except UnknownRow as error:
        refuse(Refusal(2, str(error)))
    if listing:
        for line in listed(rows if row else ROWS):
            typer.echo(line)
        return

    async def command() -> int:
        if not 0 < timeout < math.inf:
            raise CannotDo(f"--timeout {timeout:g} is not a number of seconds above 0. Leave it out for 30 seconds.", 2)
        check_report(report)  # a report that cannot be written is noticed before it is made
        settings = Settings(wire=wire.value, proxy=proxy)
        async with _target(url, None if profile is None else profile.value, model, timeout, settings) as target:
            ended = await _examine(target, rows)
        return _tell(target, ended, report)

    run(command)


@asynccontextmanager
async def _target(
    url: str | None,
    profile: str | None,
    model: str,
    timeout: float,  # noqa: ASYNC109 (it is passed on)
    settings: Settings,
) -> AsyncGenerator[Target]:
    import attrs

    from rejoinder.engine import Endpoint
    from rejoinder.engine.dialling import check_way
    from rejoinder.states.profiles import PROFILES
    from rejoinder.testing.conform import Target, obliging_answer
    from rejoinder.testing.faults import ServerSetup
    from rejoinder.testing.server_profiles import SERVER_PROFILES
    from rejoinder.testing.simulator import serve

    if url is not None:
        endpoint = _endpoint(url)
        if profile is not None:
            endpoint = attrs.evolve(endpoint, profile=PROFILES[profile])
        check_way(endpoint, settings)
        yield Target(endpoint, model, timeout, settings=settings)
        return
    name = profile or ProfileName.OPENAI.value
    async with serve(ServerSetup(SERVER_PROFILES[name], obliging_answer).build(keep_log=False)) as simulator:
        yield Target(Endpoint(simulator.url, NO_KEY, PROFILES[name]), model, timeout, settings=settings)


def _endpoint(url: str) -> Endpoint:
    """The server at ``url``, with the user's key. Raises ``InvalidEndpoint``, and ``CannotDo`` if a key is missing."""
    from rejoinder.engine import Endpoint

    from .refusals import CannotDo

    key = os.environ.get(KEY_VARIABLE, "").strip(" \t")
    endpoint = Endpoint(url, key or NO_KEY)
    if not key and not _is_this_machine(endpoint.host):
        raise CannotDo(f"There is no API key in {KEY_VARIABLE}. Set it, or examine the simulator: rejoinder conform", 2)
    return endpoint


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _examine(target: Target, rows: Sequence[Row]) -> Report:
    from rejoinder.engine.wire import HandshakeFailed
    from rejoinder.states.verdicts import ERRORS, Where, react
    from rejoinder.testing.conform import PlainRequestRefused, examine

    from .refusals import CannotDo

    try:
        return await examine(target, rows, _progress(len(rows)))
    except HandshakeFailed as failed:
        advice = react(ERRORS, Where.HANDSHAKE, failed.code, None, failed.status).advice
        raise CannotDo(f"{failed.message} {advice}") from failed
    except PlainRequestRefused as refused:
        said = str(refused).rstrip(".")
        raise CannotDo(f"The server refused a plain request: {said}. Check --model and the key, or try again later.") from refused


def _progress(count: int) -> Callable[[Row], object] | None:
    """What tells a person at a terminal which row is being judged."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    begun: list[str] = []

    def tell(row: Row) -> None:
        begun.append(row.name)
        last = "\n" if len(begun) == count else ""
        typer.echo(f"\r\x1b[K   {len(begun)} of {count}: {row.name}{last}", err=True, nl=False)

    return tell


def _tell(target: Target, ended: Report, report: str | None) -> int:
    from .conform_report import as_json, lines
    from .files import write_report

    if report is not None:
        write_report(report, json.dumps(as_json(target, ended), indent=2) + "\n")
    if report != "-":
        for line in lines(target, ended):
            typer.echo(line)
    return 0 if ended.succeeded else 1
