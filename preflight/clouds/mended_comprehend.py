"""Mends the emulated Comprehend: it has no model, answers each text with its first word, and keeps what it is asked.

What it refuses is what AWS refuses, in UTF-8 bytes and by language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of moto's own, or is not there."""
    from moto.comprehend import responses

    answers = responses.ComprehendResponse
    told = [
        (answers, name, _kept(name, _checked(getattr(answers, name), size, languages)))
        for name, size, languages in _CANNED
    ]
    return [
        *told,
        (answers, "detect_entities", _kept("detect_entities", _detect_entities)),
        (answers, "batch_detect_entities", _kept("batch_detect_entities", _batch_detect_entities)),
        (answers, "detect_dominant_language", _kept("detect_dominant_language", _detect_dominant_language)),
    ]


def _kept(name: str, answer: Any) -> Any:
    """The answer, after a note of what was asked; a refused request stays a note that was not answered."""
    operation = "".join(part.title() for part in name.split("_"))

    def answered(self: Any) -> Any:
        note = {**json.loads(self.body), "operation": operation, "answered": False}
        vars(self.comprehend_backend).setdefault("preflight_asked", []).append(note)
        result = answer(self)
        note["answered"] = True
        return result

    return answered


def _checked(answer: Any, size: int, languages: Iterable[str]) -> Any:
    """An answer of moto's own, which counts characters where AWS counts bytes."""

    def answered(self: Any) -> Any:
        asked = json.loads(self.body)
        _check_language(asked, languages)
        _check_text(asked.get("Text"), size)
        return answer(self)

    return answered


def _detect_entities(self: Any) -> str:
    asked = json.loads(self.body)
    _check_language(asked, LANGUAGES)
    _check_text(asked.get("Text"), 100_000)
    return json.dumps({"Entities": _entities(asked["Text"])})


def _batch_detect_entities(self: Any) -> str:
    asked = json.loads(self.body)
    _check_language(asked, LANGUAGES)
    texts = asked.get("TextList") or []
    if not 1 <= len(texts) <= 25:
        raise _refused("BatchSizeLimitExceededException", "A batch holds 1 to 25 documents.")
    results, errors = [], []
    for index, text in enumerate(texts):
        # one document too long is an error of its own, and the others are answered
        if len(text.encode()) > 5_000:
            told = {"ErrorCode": "TEXT_SIZE_LIMIT_EXCEEDED", "ErrorMessage": _too_long(text, 5_000)}
            errors.append({"Index": index, **told})
        else:
            results.append({"Index": index, "Entities": _entities(text)})
    return json.dumps({"ResultList": results, "ErrorList": errors})


def _detect_dominant_language(self: Any) -> str:
    _check_text(json.loads(self.body).get("Text"), 100_000)
    return json.dumps({"Languages": [{"LanguageCode": "en", "Score": 0.5}]})


def _entities(text: str) -> list[dict[str, Any]]:
    """One entity in the service's shape: the first word, of which nobody here can say more."""
    first = re.search(r"\w+", text)
    if first is None:
        return []
    where = {"BeginOffset": first.start(), "EndOffset": first.end()}
    return [{"Score": 0.5, "Type": "OTHER", "Text": first.group(), **where}]


def _check_language(asked: dict[str, Any], languages: Iterable[str]) -> None:
    if asked.get("EndpointArn"):
        return
    language, known = asked.get("LanguageCode"), list(languages)
    if language not in known:
        raise _refused(
            "ValidationException",
            f"1 validation error detected: Value '{language}' at 'languageCode' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(known)}]",
        )


def _check_text(text: str | None, size: int) -> None:
    if not text:
        raise _refused(
            "ValidationException",
            "1 validation error detected: Value at 'text' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        )
    if len(text.encode()) > size:
        raise _refused("TextSizeLimitExceededException", _too_long(text, size))


def _too_long(text: str, size: int) -> str:
    return (
        f"Input text size exceeds limit. Max length of request text allowed is {size} bytes while in this request "
        f"the text size is {len(text.encode())} bytes"
    )


def _refused(code: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, message)
    return error


# https://docs.aws.amazon.com/comprehend/latest/APIReference/API_DetectEntities.html and its neighbours for the sizes,
# https://docs.aws.amazon.com/comprehend/latest/dg/supported-languages.html for the languages; checked_on 2026-11-23
LANGUAGES = ("de", "en", "es", "it", "pt", "fr", "ja", "ko", "hi", "ar", "zh", "zh-TW")
_CANNED = (
    ("detect_sentiment", 5_000, LANGUAGES),
    ("detect_key_phrases", 100_000, LANGUAGES),
    ("detect_pii_entities", 100_000, ("en", "es")),
)
