"""Comprehend answers in its own shape, refuses by bytes and language, and keeps what it was asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from preflight.checks import CouldNotAsk, Stack
from preflight.clouds.offline import OfflineCloud
from preflight.template import Template


@pytest.fixture(scope="module")
def warm_cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(warm_cloud: OfflineCloud) -> OfflineCloud:
    warm_cloud.reset()
    return warm_cloud


@pytest.fixture
def comprehend(cloud: OfflineCloud) -> Any:
    return cloud.client("comprehend")


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Code"])


def test_the_first_word_is_the_one_entity(comprehend: Any) -> None:
    [entity] = comprehend.detect_entities(Text=" «Übelkeit» since Monday", LanguageCode="de")["Entities"]
    assert entity == {"Text": "Übelkeit", "Type": "OTHER", "Score": 0.5, "BeginOffset": 2, "EndOffset": 10}
    assert comprehend.detect_entities(Text="...", LanguageCode="en")["Entities"] == []


@pytest.mark.parametrize(
    ("operation", "size"),
    [("detect_entities", 100_000), ("detect_key_phrases", 100_000), ("detect_sentiment", 5_000)],
)
def test_a_text_is_measured_in_bytes(comprehend: Any, operation: str, size: int) -> None:
    ask = getattr(comprehend, operation)
    ask(Text="ü" * (size // 2), LanguageCode="en")
    assert refusal(ask, Text="ü" * (size // 2) + "u", LanguageCode="en") == "TextSizeLimitExceededException"


def test_a_batch_answers_each_text_or_says_why_not(comprehend: Any) -> None:
    answer = comprehend.batch_detect_entities(TextList=["fever since Monday", "x" * 5_001], LanguageCode="en")
    assert [(each["Index"], each["Entities"][0]["Text"]) for each in answer["ResultList"]] == [(0, "fever")]
    assert [(each["Index"], each["ErrorCode"]) for each in answer["ErrorList"]] == [(1, "TEXT_SIZE_LIMIT_EXCEEDED")]
    too_many = refusal(comprehend.batch_detect_entities, TextList=["x"] * 26, LanguageCode="en")
    assert too_many == "BatchSizeLimitExceededException"


def test_a_language_it_does_not_speak_is_refused(comprehend: Any) -> None:
    assert refusal(comprehend.detect_entities, Text="febris", LanguageCode="la") == "ValidationException"
    assert refusal(comprehend.detect_pii_entities, Text="Fieber", LanguageCode="de") == "ValidationException"


def test_the_language_can_be_asked_for(comprehend: Any) -> None:
    [language] = comprehend.detect_dominant_language(Text="fever since last Monday")["Languages"]
    assert language["LanguageCode"] == "en"


def test_what_it_was_asked_is_kept_until_the_cloud_is_empty_again(cloud: OfflineCloud, comprehend: Any) -> None:
    assert cloud.deliveries.page("asked/comprehend") == []
    comprehend.detect_entities(Text="fever", LanguageCode="en")
    refusal(comprehend.detect_sentiment, Text="x" * 5_001, LanguageCode="en")
    first, second = cloud.deliveries.page("asked/comprehend")
    assert first == {"operation": "DetectEntities", "Text": "fever", "LanguageCode": "en", "answered": True}
    assert (second["operation"], second["answered"]) == ("DetectSentiment", False)
    cloud.reset()
    assert cloud.deliveries.page("asked/comprehend") == []
    assert "asked/comprehend" in cloud.deliveries.page("asked/polly")["error"]


def test_a_check_reads_what_it_was_asked_offline_alone(cloud: OfflineCloud, comprehend: Any) -> None:
    topic = Template({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    deployment = cloud.deployment(cloud.deploy_template("Notes", topic))
    comprehend.detect_entities(Text="fever", LanguageCode="en")
    assert [each["Text"] for each in Stack(deployment).asked("comprehend")] == ["fever"]
    with pytest.raises(CouldNotAsk, match="offline_only"):
        Stack(deployment).asked("polly")
    with pytest.raises(CouldNotAsk, match="offline_only"):
        Stack(dataclasses.replace(deployment, mode="live", deliveries=None)).asked("comprehend")
