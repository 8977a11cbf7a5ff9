"""Addresses of proxies: what can work is read, what cannot is refused in words, and no credential is ever shown."""

from __future__ import annotations

import pytest

from rejoinder.engine import InvalidSetting, Settings
from rejoinder.engine import proxy as under_test
from rejoinder.engine.proxy import Proxy, proxy_of

SECRET = "hunter2"


@pytest.mark.parametrize(
    "address, expected",
    [
        ("http://proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("http://proxy.example", Proxy("http", "proxy.example", 80)),
        ("http://proxy.example/", Proxy("http", "proxy.example", 80)),
        ("HTTP://Proxy.Example", Proxy("http", "proxy.example", 80)),
        ("socks5://proxy.example", Proxy("socks5", "proxy.example", 1080)),
        ("socks5h://[::1]:9050", Proxy("socks5h", "::1", 9050)),
        ("http://ada@proxy.example", Proxy("http", "proxy.example", 80, "ada", "")),
        ("http://ada:p%40ss%3A@proxy.example", Proxy("http", "proxy.example", 80, "ada", "p@ss:")),
    ],
)
def test_an_address(address: str, expected: Proxy) -> None:
    assert expected == proxy_of(address)


@pytest.mark.parametrize(
    "address, words",
    [
        ("proxy.example:3128", r"begins with no scheme\. Write it as http://host:port or socks5://host:port"),
        (f"ftp://ada:{SECRET}@proxy.example", r"begins with ftp://\. "),
        (f"https://ada:{SECRET}@proxy.example", r"begins with https://\. "),
        ("socks4://proxy.example", r"begins with socks4://\. "),
        ("", r"begins with no scheme\. "),
        (f"http://ada:{SECRET}@proxy.example:port", r"cannot be read\. Write it as http://host:port"),
        (f"http://ada:{SECRET}@[::1", r"cannot be read\. "),
        (f"http://ada:{SECRET}%ff@proxy.example", r"cannot be read\. "),
        (f"http://ada:{SECRET}@{'x' * 64}.example", r"cannot be read\. "),
        (f"http://ada:{SECRET}@", r"no address of a proxy\. Write it as scheme://host:port, and nothing behind that\."),
        ("http://proxy.example:0", r"no address of a proxy\. "),
        (f"http://proxy.example/{SECRET}", r"no address of a proxy\. "),
        (f"http://proxy.example?{SECRET}", r"no address of a proxy\. "),
        (f"http://proxy.example#{SECRET}", r"no address of a proxy\. "),
        (f"http://{SECRET * 40}@proxy.example", r"credentials of more than 255 bytes\. No proxy takes them\."),
        (f"http://ada:{SECRET * 40}@proxy.example", r"credentials of more than 255 bytes\. "),
    ],
)
def test_what_is_no_address_of_a_proxy_is_refused_where_it_is_written(address: str, words: str) -> None:
    with pytest.raises(InvalidSetting, match=r"^Settings\(proxy=…\) .*" + words) as caught:
        Settings(proxy=address)

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_socks_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> None:
        assert "socksio" == name

    monkeypatch.setattr(under_test, "find_spec", nowhere)
    with pytest.raises(InvalidSetting, match=r"needs the library socksio\. Install rejoinder\[socks\]\.$"):
        Settings(proxy="socks5://proxy.example")

    assert Settings(proxy="http://proxy.example").proxy


def test_credentials_are_in_no_repr() -> None:
    settings = Settings(proxy=f"http://ada:{SECRET}@proxy.example:3128")
    proxy = proxy_of(settings.proxy or "")

    assert "proxy='http://proxy.example:3128'" in repr(settings)
    assert "Proxy(scheme='http', host='proxy.example', port=3128)" == repr(proxy)
    assert ("the proxy proxy.example port 3128", "socks5://[::1]:1080") == (proxy.place, proxy_of("socks5://[::1]").shown)
    assert "proxy=None" in repr(Settings())


@pytest.mark.parametrize(
    "address, local",
    [
        ("http://127.0.0.1", True),
        ("http://[::1]", True),
        ("http://localhost", True),
        ("http://10.0.0.1", False),
        ("http://a.b", False),
    ],
)
def test_what_runs_on_this_machine(address: str, local: bool) -> None:  # noqa: FBT001 - a row
    assert local is proxy_of(address).is_local
