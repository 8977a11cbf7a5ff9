"""What cannot work is refused before anything is dialled, in words that help, and nothing shows the key."""

from typing import Any

import pytest

from harness.pair import KEY
from rejoinder.engine import Endpoint, InvalidEndpoint, RejoinderError, open_session
from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, XAI, Profile

SECRET_IN_THE_ADDRESS = "hunter2"


def sentences(error: BaseException) -> int:
    """How many sentences a message has: one on what happened, at least one on what to do."""
    return len([part for part in str(error).replace(". ", ".\n").splitlines() if part.endswith(".")])


@pytest.mark.parametrize(
    "url, word",
    [
        pytest.param("http://api.openai.com/v1/responses", "wss://", id="http"),
        pytest.param("https://api.openai.com/v1/responses", "wss://", id="https"),
        pytest.param("api.openai.com/v1/responses", "wss://", id="no scheme"),
        pytest.param("", "wss://", id="nothing"),
        pytest.param("wss://", "no host", id="no host"),
        pytest.param("wss:///v1/responses", "no host", id="only a path"),
        pytest.param("wss://localhost:ninety/", "cannot be read", id="port in words"),
        pytest.param("wss://localhost:70000/", "cannot be read", id="port too large"),
        pytest.param("wss://localhost:0/", "port 0", id="port zero"),
        pytest.param("wss://[::1/", "cannot be read", id="half a bracket"),
        pytest.param(f"wss://me:{SECRET_IN_THE_ADDRESS}@localhost/", "api_key", id="name and password"),
        pytest.param(f"wss://{SECRET_IN_THE_ADDRESS}@localhost/", "api_key", id="name"),
        pytest.param("wss://@localhost/", "api_key", id="empty name"),
        pytest.param(f"wss://localhost:{SECRET_IN_THE_ADDRESS}/", "cannot be read", id="secret where the port is"),
        pytest.param(f"wss://{SECRET_IN_THE_ADDRESS}@exam\u2100ple.com/", "cannot be read", id="secret beside an odd host"),
        pytest.param("wss://two words/", "characters", id="space in the host"),
        pytest.param(f"wss://{'a' * 64}.com/", "characters", id="host too long"),
        pytest.param("wss://localhost/two words", "characters", id="space in the path"),
        pytest.param("wss://localhost/ü", "characters", id="umlaut in the path"),
        pytest.param(f"wss://localhost/?ü={SECRET_IN_THE_ADDRESS}", "characters", id="umlaut in the query"),
        pytest.param("ws://api.openai.com/v1/responses", "clear text", id="plaintext to the world"),
        pytest.param("ws://192.0.2.1/", "clear text", id="plaintext to an address"),
    ],
)
def test_an_address_that_cannot_work(url: str, word: str) -> None:
    with pytest.raises(InvalidEndpoint) as caught:
        Endpoint(url, api_key=KEY)

    assert word in str(caught.value)
    assert 2 <= sentences(caught.value)
    assert KEY not in str(caught.value)
    assert SECRET_IN_THE_ADDRESS not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("key", ["", " ", "\t"])
def test_an_empty_key(key: str) -> None:
    with pytest.raises(InvalidEndpoint, match=r"There is no API key\. Set OPENAI_API_KEY, or give api_key to Endpoint\."):
        Endpoint(api_key=key)


@pytest.mark.parametrize(
    "fields, said",
    [
        (
            {"api_key": KEY.encode()},
            "Endpoint(api_key=…) is a bytes. Give the key as a string (of bytes key.decode() makes one), or",
        ),
        ({"api_key": 1234}, "Endpoint(api_key=…) is a int. Give the key as a string"),
        ({"url": b"wss://localhost"}, "Endpoint(url=…) is a bytes. Give the address as a string, such as wss://api.openai.com/"),
        ({"url": None}, "Endpoint(url=…) is None. Give the address as a string"),
        ({"profile": "openai"}, "Endpoint(profile=…) is a str. Give a Profile, one of OPENAI, AZURE, XAI, GENERIC or your own;"),
        ({"headers": [("X-Extra", "1")]}, "Endpoint(headers=…) is a list. Give a mapping of names to values."),
        ({"headers": {"X-Extra": 1}}, "A name or a value in Endpoint(headers=…) is a int. Give strings alone."),
        ({"headers": {b"X-Extra": "1"}}, "A name or a value in Endpoint(headers=…) is a bytes. Give strings alone."),
        ({"organization": 1}, "Endpoint(organization=…) is a int. Give a string, or None for none."),
        ({"project": b"p"}, "Endpoint(project=…) is a bytes. Give a string, or None for none."),
        ({"allow_plaintext": "no"}, "Endpoint(allow_plaintext=…) is a str. Give True or False."),
    ],
)
def test_what_is_of_the_wrong_type(fields: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"api_key": KEY, **fields}
    with pytest.raises(InvalidEndpoint) as caught:
        Endpoint(**given)

    assert str(caught.value).startswith(said)
    assert KEY not in str(caught.value)
    assert "1234" not in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0", "\x0b", "\x7f", "é"])
def test_a_key_that_no_header_can_carry(end: str) -> None:
    with pytest.raises(InvalidEndpoint, match="'Authorization'") as caught:
        Endpoint(api_key=KEY + end)

    assert KEY not in str(caught.value)
    assert 2 <= sentences(caught.value)


def test_blanks_around_a_key_are_not_part_of_it() -> None:
    assert {"Authorization": f"Bearer {KEY}"} == Endpoint(api_key=f" {KEY}\t").handshake_headers()


@pytest.mark.parametrize("name", ["", "two words", "colon:", "line\nbreak", "ü"])
def test_a_header_with_a_bad_name(name: str) -> None:
    with pytest.raises(InvalidEndpoint, match="name of a header"):
        Endpoint(api_key=KEY, headers={name: "value"})


@pytest.mark.parametrize("value", [" value", "value ", "a\nb", "a\x00b", "ü"])
def test_a_header_with_a_bad_value(value: str) -> None:
    with pytest.raises(InvalidEndpoint, match="'X-Extra'"):
        Endpoint(api_key=KEY, headers={"X-Extra": value})


@pytest.mark.original("B002", "B005")
def test_headers_that_are_legal() -> None:
    endpoint = Endpoint(api_key=KEY, headers={"X-Empty": "", "X-Blank": "a  b"}, organization="org", project="project")

    assert {
        "Authorization": f"Bearer {KEY}",
        "OpenAI-Organization": "org",
        "OpenAI-Project": "project",
        "X-Empty": "",
        "X-Blank": "a  b",
    } == endpoint.handshake_headers()


def test_given_headers_replace_those_of_the_same_name() -> None:
    endpoint = Endpoint(api_key=KEY, headers={"authorization": "Basic abc"})

    assert {"authorization": "Basic abc"} == endpoint.handshake_headers()


@pytest.mark.original("B004")
def test_a_missing_key_is_taken_from_the_environment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    endpoint = Endpoint()
    monkeypatch.delenv("OPENAI_API_KEY")

    assert KEY == endpoint.key
    with pytest.raises(InvalidEndpoint, match="OPENAI_API_KEY"):
        Endpoint()


async def test_a_session_without_a_key_does_not_open() -> None:
    with pytest.raises(InvalidEndpoint, match="OPENAI_API_KEY"):
        async with open_session():
            pytest.fail("It must not open.")  # pragma: no cover


def test_a_bad_endpoint_is_a_value_error_and_one_of_ours() -> None:
    assert issubclass(InvalidEndpoint, ValueError)
    assert issubclass(InvalidEndpoint, RejoinderError)


@pytest.mark.parametrize("host", ["localhost", "api.localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_plaintext_to_this_machine(host: str) -> None:
    endpoint = Endpoint(f"ws://{host}/v1/responses", api_key=KEY)

    assert not endpoint.secure
    assert 80 == endpoint.port


def test_plaintext_elsewhere_when_it_is_wanted() -> None:
    assert "192.0.2.1" == Endpoint("ws://192.0.2.1:8080/", api_key=KEY, allow_plaintext=True).host


def test_the_parts_of_an_address() -> None:
    endpoint = Endpoint("WSS://Example.COM/a/b?api-version=1#here", api_key=KEY)

    assert ("example.com", 443, True, "/a/b?api-version=1") == (endpoint.host, endpoint.port, endpoint.secure, endpoint.resource)


def test_an_address_without_a_path_asks_for_the_root() -> None:
    assert "/" == Endpoint("wss://example.com", api_key=KEY).resource


@pytest.mark.parametrize(
    "url, profile",
    [
        ("wss://api.openai.com/v1/responses", OPENAI),
        ("wss://API.OpenAI.com:443/v1/responses", OPENAI),
        ("wss://api.x.ai/v1/responses", XAI),
        ("wss://mine.openai.azure.com/openai/v1/responses", AZURE),
        ("wss://openai.azure.com.example.com/", GENERIC),
        ("wss://api.openai.com.example.com/", GENERIC),
        ("ws://localhost/v1/responses", GENERIC),
    ],
)
def test_the_profile_is_guessed_from_the_host(url: str, profile: Profile) -> None:
    assert profile is Endpoint(url, api_key=KEY).profile


def test_a_given_profile_is_not_guessed() -> None:
    assert XAI is Endpoint("wss://api.openai.com/", api_key=KEY, profile=XAI).profile


def test_no_secret_in_the_repr() -> None:
    endpoint = Endpoint(f"wss://[::1]:8443/v1?api-key={SECRET_IN_THE_ADDRESS}", api_key=KEY, headers={"api-key": KEY})

    assert "Endpoint(url='wss://[::1]:8443/v1', profile=generic, organization=None, project=None, allow_plaintext=False)" == repr(
        endpoint
    )


def test_the_scheme_may_be_written_in_capitals() -> None:
    endpoint = Endpoint("WSS://example.org/v1/responses", KEY)

    assert (True, 443, "https://example.org/v1/responses") == (endpoint.secure, endpoint.port, endpoint.http_url)
