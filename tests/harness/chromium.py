"""Chromium without a window, for tests of pages: driven with Selenium, where Chromium and its driver are installed.

Rule: whatever a page complains about, or asks a network for, is kept, and ``complaints`` and ``requests`` tell it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

__all__ = ["Browser", "open_browser"]


@final
class Browser:
    """One browser with one page."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, fragment: str = "") -> None:
        """Open a file; what was said about the last one is forgotten."""
        self.driver.get("about:blank")
        self.complaints()
        self.requests()
        self.driver.get(f"{page.as_uri()}{fragment}")

    def ask(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - any JSON value
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)  # pyright: ignore[reportUnknownMemberType]

    def wait(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - any JSON value
        """What a script hands to its last argument, a function, when it is ready."""
        return self.driver.execute_async_script(script, *arguments)  # pyright: ignore[reportUnknownMemberType]

    def resize(self, width: int, height: int) -> None:
        """Give the window a size, in pixels."""
        self.driver.set_window_size(width, height)  # pyright: ignore[reportUnknownMemberType]

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        chain = ActionChains(self.driver, duration=0)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def click(self, selector: str) -> None:
        """Click in the middle of what a selector finds first, wherever that is."""
        self.ask(
            "const found = document.querySelector(arguments[0]); found.scrollIntoView({block: 'center'});"
            "found.dispatchEvent(new MouseEvent('click', {bubbles: true}))",
            selector,
        )

    def complaints(self) -> list[str]:
        """Everything on the console since this was last asked."""
        return [str(entry["message"]) for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """Every address that was asked for since this was last asked."""
        messages = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.driver.execute("getLog", {"type": kind})["value"]
        return entries


@contextmanager
def open_browser(folder: Path) -> Generator[Browser]:
    """Run a browser that keeps what it keeps in ``folder``. Skips the test where there is none."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("Chromium or its driver is not installed (apt-get install chromium chromium-driver).")
    options = ChromeOptions()
    options.binary_location = binary
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1500,1100"):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={folder}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield Browser(chrome)
    finally:
        chrome.quit()
