"""How a session behaves: what is sent with every request, the policy, and the sizes of buffers.

Rules of this file
* Settings are values. A session is given others with ``update_settings``; what a running response was asked with never changes.
* A field of a request that is None is not sent, so the server's own default holds.
* A setting that cannot be is refused where it is written, by name.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from rejoinder.states.profiles import Policy
from rejoinder.states.refusals import check_number, check_type, shown_value

from .errors import InvalidSetting
from .field_checks import CHECKS, check_extra, check_fields
from .flat_tools import flat_tools
from .proxy import proxy_of
from .settings_update import SettingsUpdate, Tool, renamed
from .typed_fields import Reasoning, TextOptions, ToolChoice
from .wire_choice import WireName, check_wire

__all__ = ["REQUEST_FIELDS", "Settings"]

REQUEST_FIELDS: Final = tuple(CHECKS)
"""The settings that are fields of a request, and may be changed while a session runs."""


def _tools(tools: Sequence[Tool] | None) -> Sequence[Mapping[str, Any]] | None:
    """Read once, so that a list that its owner changes later changes nothing here."""
    check_fields({"tools": tools}, "Settings")
    return flat_tools(tools)


def _extra(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    check_extra(extra, "Settings")
    return dict(extra)


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a session; each has a default that works. Raises ``InvalidSetting`` for a field that cannot be."""

    model: str = "gpt-4.1"
    """The model, or on Azure the deployment."""
    instructions: str | None = attrs.field(default=None, repr=False)
    """``instructions`` of every request; not inherited on the wire, so it is sent each time."""
    temperature: float | None = None
    """Sampling temperature, 0 to 2."""
    top_p: float | None = None
    """Nucleus sampling, 0 to 1."""
    max_output_tokens: int | None = None
    """Most tokens of an answer, reasoning included; it is ``incomplete`` when they are used up."""
    max_tool_calls: int | None = None
    """Most calls of built-in tools in one response."""
    top_logprobs: int | None = None
    """How many likely tokens are reported at each place, 0 to 20."""
    reasoning: Reasoning | Mapping[str, Any] | None = None
    """How much the model reasons."""
    text: TextOptions | Mapping[str, Any] | None = None
    """The format of the text, and its verbosity."""
    tools: Sequence[Mapping[str, Any]] | None = attrs.field(default=None, repr=False, converter=_tools)
    """Tools of every request, given flat or as in chat completions; kept in the API's flat form, None if there are none."""
    tool_choice: str | ToolChoice | Mapping[str, Any] | None = None
    """``auto``, ``none``, ``required``, or the tool that has to be called."""
    parallel_tool_calls: bool | None = None
    """Whether the model may call several tools at once."""
    include: Sequence[str] | None = None
    """What else the server shows. None asks for encrypted reasoning where the conversation needs it: with models that reason, while
    nothing is stored."""
    store: bool | None = False
    """Whether the server stores responses. False, unlike the API's own default: nothing is kept that nobody asked to keep."""
    truncation: str | None = None
    """``auto`` or ``disabled``: what happens to an input that is too long."""
    service_tier: str | None = None
    """``auto``, ``default``, ``flex``, ``priority`` …"""
    metadata: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    """At most 16 pairs that are stored with a response."""
    prompt: Mapping[str, Any] | None = attrs.field(default=None, repr=False)
    """A stored prompt, by id."""
    prompt_cache_key: str | None = None
    """Which requests share a prompt cache."""
    prompt_cache_retention: str | None = None
    """How long the prompt cache is kept."""
    safety_identifier: str | None = attrs.field(default=None, repr=False)
    """A stable name of the end user, hashed, for abuse detection."""
    user: str | None = attrs.field(default=None, repr=False)
    """The older name of the two above."""
    context_management: Sequence[Mapping[str, Any]] | None = None
    """Compaction within a response: ``[{"type": "compaction", "compact_threshold": …}]``."""
    stream_options: Mapping[str, Any] | None = None
    """Options of the stream, as ``{"include_obfuscation": False}``."""
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False, converter=_extra)
    """Any further field of ``response.create``, sent with every request; it overrides those above, and ``respond`` overrides it."""
    policy: Policy = attrs.field(factory=Policy)
    """Deadlines, cancel policy, replay, reuse, dialling."""
    preconnect: bool = False
    """Whether to dial when the session opens rather than when it is first needed."""
    buffer_limit: int = 16 * 1024 * 1024
    """What one response may hold undelivered, counted in characters of its frames' JSON; more fails it (``ConsumerTooSlow``)."""
    output_limit: int = 128 * 1024 * 1024
    """What one response may say in all, counted as above; more ends it (``OutputTooLarge``), however fast it is read."""
    frame_limit: int = 64 * 1024 * 1024
    """Bytes of the largest frame that is accepted, of the largest event of a stream over HTTP, and of an answer in one piece."""
    wire: WireName = "auto"
    """Which library carries the frames of a WebSocket: ``"trio-websocket"``, ``"websockets"`` (less CPU for each frame; the extra
    ``rejoinder[fast]``), or ``"auto"``, which takes the second where it is installed. They differ in nothing else."""
    compression: bool = False
    """Whether to offer the server compressed frames (permessage-deflate): fewer bytes both ways, more CPU and memory here. Only the
    wire ``"websockets"`` can. ``frame_limit`` bounds what a frame holds once it is inflated."""
    queue: int = 256
    """Frames that trio-websocket may hold before it stops reading the socket; the other wire reads when it is asked."""
    ping_interval: float = 20.0
    """Seconds between pings on an open link; a link whose pong does not come within the ping deadline is lost."""
    send_deadline: float = 20.0
    """Seconds that one frame may take to leave; then the link is lost. Shorter than the created deadline, which runs meanwhile."""
    close_deadline: float = 2.0
    """Seconds that the closing handshake may take; then the socket is closed without it."""
    ssl_context: ssl.SSLContext | None = None
    """TLS settings; None takes the system's certificate authorities."""
    proxy: str | None = attrs.field(default=None, repr=lambda proxy: repr(None if proxy is None else proxy_of(proxy).shown))
    """A proxy on the way to the server: ``http://user:password@host:port`` (HTTP CONNECT), or ``socks5://…`` with
    ``rejoinder[socks]``. It finds the address of the server, and cannot read what TLS protects. Without one the connection is
    direct; only what goes over HTTP then takes a proxy from the environment, as httpx does."""

    def __attrs_post_init__(self) -> None:
        check_type(self, "policy", Policy, "a Policy, such as Policy(deadlines=Deadlines(created=10.0))")
        for name in ("preconnect", "compression"):
            check_type(self, name, bool, "True or False")
        for name in ("buffer_limit", "output_limit", "frame_limit", "queue"):
            check_number(self, name, whole=True)
        for name in ("send_deadline", "close_deadline"):
            check_number(self, name)
        check_number(self, "ping_interval", endless=True)
        check_type(self, "ssl_context", (ssl.SSLContext, type(None)), "an ssl.SSLContext, or None for the system's authorities")
        check_type(self, "proxy", (str, type(None)), "an address such as http://host:port, or None for no proxy")
        if self.proxy is not None:
            proxy_of(self.proxy)
        check_wire(self.wire, compression=self.compression)
        if self.model is None:  # pyright: ignore[reportUnnecessaryComparison] - whoever has no type checker learns it here
            raise InvalidSetting("Settings(model=…) is None. Give the name of a model.")
        check_fields({name: getattr(self, name) for name in REQUEST_FIELDS}, "Settings")

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Settings:
        """Return settings from a mapping, as a configuration file gives one.

        Names that chat completions use for the same thing are understood (``max_tokens``, ``system_instruction``), and names that
        are no setting go to ``extra``. Raises ``InvalidSetting`` as the constructor.
        """
        return cls(**renamed(given, [field.name for field in attrs.fields(cls)]))

    def updated(self, update: SettingsUpdate | None = None, /, **changes: Any) -> Settings:  # noqa: ANN401 - as in SettingsUpdate
        """Return these settings with some fields of requests changed; all others stay as they are.

        ``changes`` are the arguments of ``SettingsUpdate``, and go on top of ``update``. None takes a field out, ``NOT_GIVEN``
        leaves it alone; ``extra`` is merged key by key, and None deletes a key. Raises ``InvalidSetting`` for what cannot be.
        """
        if update is not None and not isinstance(update, SettingsUpdate):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidSetting(
                f"The update is {shown_value(update)}. Give the fields by name, as temperature=0.2, or a SettingsUpdate, which"
                " SettingsUpdate.from_mapping makes of a mapping."
            )
        settings = self
        for each in (update or SettingsUpdate(), SettingsUpdate(**changes)):
            given = each.given_fields()
            if "extra" in given:
                merged = {**settings.extra, **given["extra"]}
                given["extra"] = {name: value for name, value in merged.items() if value is not None}
            settings = attrs.evolve(settings, **given)
        return settings

    def changed_from(self, previous: Settings) -> dict[str, Any]:
        """Return which fields of requests differ from ``previous``, each with what it was there."""
        names = (*REQUEST_FIELDS, "extra")
        return {name: getattr(previous, name) for name in names if getattr(previous, name) != getattr(self, name)}

    def request_fields(self) -> dict[str, Any]:
        """Return the fields that go into every request."""
        fields = {name: getattr(self, name) for name in REQUEST_FIELDS}
        return {name: value for name, value in {**fields, **self.extra}.items() if value is not None}
