"""Parts of a message: made for a caller, and turned from the universal chat form into what the API takes.

Rules of this file
* Parts are made in the universal chat form (``text``, ``image_url``, ``input_audio``, ``file``), which every provider's adapter
  knows; ``input_part`` turns each into the API's own (``input_text`` or ``output_text``, ``input_image``, ``input_file``).
* A part of any other type is the API's own already, or something newer than this file, and passes as it is.
"""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Mapping
from typing import Any, Final

from .errors import InvalidRequest
from .given import fields_of, shown_type

__all__ = ["CHAT_PARTS", "audio_part", "file_part", "image_part", "input_part", "text_part", "user_message"]

Part = dict[str, Any]

CHAT_PARTS: Final = frozenset({"text", "image_url", "input_audio", "file", "refusal"})
"""The types of parts in the universal chat form."""
IMAGES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
"""How the image formats that the API takes begin; WebP has its mark further in."""
SAMPLE_BYTES: Final = 2
"""Bytes of one sample: 16 bits."""


# Making.


def user_message(*content: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return a user's message made of texts and parts: ``user_message("What is this?", image_part("https://…"))``."""
    if len(content) == 1 and isinstance(content[0], str):
        return {"role": "user", "content": content[0]}
    return {"role": "user", "content": [text_part(part) if isinstance(part, str) else dict(part) for part in content]}


def text_part(text: str) -> Part:
    """Return a part that says ``text``."""
    return {"type": "text", "text": text}


def image_part(image: str | bytes, *, media_type: str | None = None, detail: str = "auto") -> Part:
    """Return a part that shows an image.

    Args:
        image: its address (``https://…`` or ``data:…``), or the bytes of an encoded image (PNG, JPEG, WebP, GIF), which are sent
            inside the request.
        media_type: of the bytes, as ``image/png``; found out from the bytes where it can be.
        detail: ``low``, ``high`` or ``auto``.

    Raises:
        InvalidRequest: the bytes are no image that can be told; encode raw pixels first, for example with Pillow.
    """
    if isinstance(image, bytes):
        found = media_type or _image_type(image)
        if found is None:
            raise InvalidRequest(
                "The bytes are no PNG, JPEG, WebP or GIF image. Encode raw pixels first, or name the format: media_type='image/…'."
            )
        image = _data_url(found, image)
    return {"type": "image_url", "image_url": {"url": image, "detail": detail}}


def audio_part(audio: bytes, *, sample_rate: int | None = None, channels: int = 1) -> Part:
    """Return a part that holds audio, as a WAV file in base64.

    Args:
        audio: a WAV file; or, with ``sample_rate``, raw samples of 16 bits, little-endian, channels interleaved.
        sample_rate: of raw samples, in samples per second.
        channels: of raw samples.

    Raises:
        InvalidRequest: the bytes are neither, or hold no whole number of samples.
    """
    if sample_rate is None:
        if not (audio.startswith(b"RIFF") and audio[8:12] == b"WAVE"):
            raise InvalidRequest("The bytes are no WAV file. Give raw 16-bit samples together with their sample_rate.")
    elif sample_rate < 1 or channels < 1:
        raise InvalidRequest(
            f"Audio of {sample_rate} samples a second on {channels} channels cannot be. Give numbers of at least 1."
        )
    elif len(audio) % (SAMPLE_BYTES * channels):
        raise InvalidRequest(
            f"The audio has {len(audio)} bytes: no whole number of 16-bit samples on {channels} channels. Give whole samples."
        )
    else:
        audio = _wav(audio, sample_rate, channels)
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(audio).decode(), "format": "wav"}}


def file_part(
    data: bytes | None = None,
    *,
    filename: str | None = None,
    media_type: str = "application/pdf",
    file_id: str | None = None,
    file_url: str | None = None,
) -> Part:
    """Return a part that hands over a file: its bytes with a ``filename``, or the ``file_id`` of an uploaded one, or its address.

    Raises:
        InvalidRequest: none of the three is given, or more than one, or bytes without a name.
    """
    if sum(given is not None for given in (data, file_id, file_url)) != 1:
        raise InvalidRequest("A file part needs its bytes, a file_id or a file_url: exactly one of the three. Give one.")
    if file_id is not None:
        return {"type": "file", "file": {"file_id": file_id}}
    if data is None:
        return {"type": "file", "file": {"file_url": file_url}}
    if not filename:
        raise InvalidRequest("A file that is sent as bytes needs a name. Give filename='report.pdf'.")
    return {"type": "file", "file": {"filename": filename, "file_data": _data_url(media_type, data)}}


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _image_type(image: bytes) -> str | None:
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for start, media_type in IMAGES if image.startswith(start)), None)


def _wav(samples: bytes, sample_rate: int, channels: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(sample_rate)
        file.writeframes(samples)
    return buffer.getvalue()


# Turning into what the API takes.


def input_part(part: object, where: str, *, assistant: bool = False) -> Mapping[str, Any]:
    """Return a part of a message as the API takes it.

    Args:
        part: as the caller wrote it.
        where: where it stands, for an error: ``messages[2].content[0]``.
        assistant: whether the model said it: its texts are ``output_text``.

    Raises:
        InvalidRequest: it is no part at all, or one whose own field is missing.
    """
    fields = fields_of(part)
    kind = None if fields is None else fields.get("type")
    if fields is None or not isinstance(kind, str):
        shown = shown_type(part) if fields is None else "a mapping without a type"
        raise InvalidRequest(f"{where} is {shown}. Write each part as a mapping such as {{'type': 'text', 'text': 'Hello'}}.")
    if kind == "text":
        if not isinstance(fields.get("text"), str):
            raise _missing(f"{where}.text", fields.get("text"), "a string")
        return {"type": "output_text" if assistant else "input_text", "text": fields["text"]}
    if kind == "image_url":
        return _image(fields, where)
    if kind == "file":
        file = fields_of(fields.get("file"))
        if file is None:
            raise _missing(f"{where}.file", fields.get("file"), "a mapping with file_id, file_data or file_url")
        return {"type": "input_file", **{name: value for name, value in file.items() if value is not None}}
    return fields


def _image(part: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    given = part.get("image_url")
    image = fields_of(given) or {"url": given, "detail": part.get("detail")}
    if not isinstance(image.get("url"), str):
        raise _missing(f"{where}.image_url", image.get("url"), "an address, or a mapping with a url")
    return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail") or "auto"}


def _missing(where: str, value: object, expected: str) -> InvalidRequest:
    return InvalidRequest(f"{where} is {'missing' if value is None else shown_type(value)}. It must be {expected}.")
