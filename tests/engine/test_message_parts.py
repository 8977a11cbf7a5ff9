"""Parts are made in the universal form and arrive in the API's own; payloads that cannot be are refused."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Callable
from typing import Any, Final

import pytest

from rejoinder.engine import InvalidRequest, audio_part, file_part, image_part, input_items, text_part, user_message
from rejoinder.engine.message_parts import input_part

PNG: Final = b"\x89PNG\r\n\x1a\n and so on"
IMAGE: Final = "https://example.com/cat.png"


def sent(*content: Any) -> Any:  # noqa: ANN401 - parts
    """The content of a user's message as it is sent."""
    return input_items([user_message(*content)])[0]["content"]


@pytest.mark.original("B045")
def test_a_message_of_a_text_and_an_image() -> None:
    assert [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": IMAGE, "detail": "low"},
    ] == sent("What is this?", image_part(IMAGE, detail="low"))


def test_a_message_of_one_text_is_a_string() -> None:
    assert {"role": "user", "content": "Hi"} == user_message("Hi")
    assert [{"type": "input_text", "text": "Hi"}] == sent(text_part("Hi"))


@pytest.mark.original("B045")
@pytest.mark.parametrize(
    "start, media_type",
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_bytes_of_an_image_are_a_data_url(start: bytes, media_type: str) -> None:
    assert f"data:{media_type};base64,{base64.b64encode(start).decode()}" == sent(image_part(start))[0]["image_url"]


def test_a_media_type_is_believed() -> None:
    assert image_part(b"??", media_type="image/avif")["image_url"]["url"].startswith("data:image/avif;base64,")


def test_pixels_are_no_image() -> None:
    with pytest.raises(InvalidRequest, match=r"no PNG, JPEG, WebP or GIF image\. Encode raw pixels first"):
        image_part(b"\0\0\0")


@pytest.mark.original("B045")
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_become_a_wav_file(channels: int) -> None:
    samples = bytes(range(8))
    (part,) = sent(audio_part(samples, sample_rate=16_000, channels=channels))
    with wave.open(io.BytesIO(base64.b64decode(part["input_audio"]["data"]))) as file:
        found = (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.readframes(99))

    assert ("input_audio", "wav") == (part["type"], part["input_audio"]["format"])
    assert (16_000, channels, 2, samples) == found


def test_a_wav_file_is_sent_as_it_is() -> None:
    wav = b"RIFF\0\0\0\0WAVEfmt "

    assert wav == base64.b64decode(audio_part(wav)["input_audio"]["data"])


@pytest.mark.parametrize(
    "make, said",
    [
        pytest.param(lambda: audio_part(b"\0\0"), "no WAV file. Give raw 16-bit samples together with their sample_rate", id="raw"),
        pytest.param(lambda: audio_part(b"\0", sample_rate=8000), "Give whole samples", id="half a sample"),
        pytest.param(lambda: audio_part(b"\0\0", sample_rate=8000, channels=2), "Give whole samples", id="half a frame"),
        pytest.param(lambda: audio_part(b"", sample_rate=0), "Give numbers of at least 1", id="no rate"),
        pytest.param(lambda: audio_part(b"", sample_rate=1, channels=0), "Give numbers of at least 1", id="no channels"),
    ],
)
def test_audio_that_cannot_be(make: Callable[[], object], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        make()


@pytest.mark.parametrize(
    "part, expected",
    [
        (file_part(b"%PDF", filename="a.pdf"), {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}),
        (file_part(file_id="file_1"), {"file_id": "file_1"}),
        (file_part(file_url="https://example.com/a.pdf"), {"file_url": "https://example.com/a.pdf"}),
    ],
)
def test_files_arrive_as_input_files(part: dict[str, Any], expected: dict[str, str]) -> None:
    assert [{"type": "input_file", **expected}] == sent(part)


@pytest.mark.parametrize(
    "make, said",
    [
        pytest.param(file_part, "exactly one of the three", id="nothing"),
        pytest.param(lambda: file_part(b"x", file_id="file_1"), "exactly one of the three", id="two"),
        pytest.param(lambda: file_part(b"x"), "needs a name. Give filename='report.pdf'", id="no name"),
    ],
)
def test_a_file_that_cannot_be(make: Callable[[], object], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        make()


@pytest.mark.original("C3:test_multimodal_image_with_detail")
@pytest.mark.parametrize(
    "part, expected",
    [
        ({"type": "image_url", "image_url": {"url": IMAGE, "detail": "high"}}, "high"),
        ({"type": "image_url", "image_url": IMAGE, "detail": "low"}, "low"),
        ({"type": "image_url", "image_url": IMAGE}, "auto"),
    ],
)
def test_the_detail_of_an_image_is_kept(part: dict[str, Any], expected: str) -> None:
    assert {"type": "input_image", "image_url": IMAGE, "detail": expected} == input_part(part, "part")


@pytest.mark.original("B032")
@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "input_file", "file_id": "file_1"},
        {"type": "something_new", "value": 1},
    ],
)
def test_other_parts_pass_as_they_are(part: dict[str, Any]) -> None:
    assert part == input_part(part, "part")


@pytest.mark.parametrize(
    "part, said",
    [
        (None, "part is a NoneType. Write each part as a mapping"),
        ({"text": "Hi"}, "part is a mapping without a type."),
        ({"type": 7}, "part is a mapping without a type."),
        ({"type": "text"}, "part.text is missing. It must be a string."),
        ({"type": "text", "text": 7}, "part.text is a int."),
        ({"type": "image_url"}, "part.image_url is missing. It must be an address"),
        ({"type": "image_url", "image_url": {"url": 7}}, "part.image_url is a int."),
        ({"type": "file"}, "part.file is missing. It must be a mapping"),
        ({"type": "file", "file": "file_1"}, "part.file is a str."),
    ],
)
def test_a_part_that_cannot_be(part: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidRequest) as caught:
        input_part(part, "part")

    assert str(caught.value).startswith(said)
