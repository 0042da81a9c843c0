"""The published contracts describe what the structs decode and what the lanes write."""

from typing import Any

import jsonschema
import msgspec
import pytest

from rules.drive import Drive
from rules.language import load_book
from rules.model.alerts import alert_json, clock_json
from rules.model.events import CHANNELS, Undecodable, decode_event
from streams.codec import dead_letter, dead_letter_json
from streams.contracts.generate import HERE, asyncapi, files, schemas
from streams.simulate import simulate
from streams.topics import ALERTS, CLOCKS, DEAD_LETTERS


def test_the_files_are_what_the_structs_say_today() -> None:
    stale = [name for name, content in files().items() if (HERE / name).read_bytes() != content]
    assert stale == [], "run: python -m streams.contracts.generate"
    assert {path.name for path in HERE.glob("*.json")} == set(files())


@pytest.fixture(scope="module")
def validators() -> dict[str, Any]:
    for schema in schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return {topic: jsonschema.Draft202012Validator(schema) for topic, schema in schemas().items()}


def test_what_is_sent_and_said_in_a_month_follows_the_contracts(validators: dict[str, Any]) -> None:
    month = simulate(5, 30, 40)
    drive = Drive(load_book())
    for message in month.messages:
        validators[CHANNELS[message.stream]].validate(msgspec.json.decode(message.value))
        drive.take([decode_event(message.value)])
    drive.until(month.now)
    assert drive.alerts() and drive.clocks()
    for alert in drive.alerts():
        validators[ALERTS].validate(msgspec.json.decode(alert_json(alert)))
    for clock in drive.clocks():
        validators[CLOCKS].validate(msgspec.json.decode(clock_json(clock)))
    letter = dead_letter(Undecodable("empty", "$", "nothing"), None, 0, topic="service.events", offset=1)
    validators[DEAD_LETTERS].validate(msgspec.json.decode(dead_letter_json(letter)))


def test_a_schema_refuses_what_the_codec_refuses(validators: dict[str, Any]) -> None:
    good = msgspec.json.decode(simulate(5, 2, 5).messages[0].value)
    validator = validators["service.events" if good["type"].startswith("case") else "inspection.events"]
    assert validator.is_valid(good)
    for bad in ({"type": "case.forgotten"}, {"id": 7}, {"operation": "x"}, {"specversion": "2.0"}):
        assert not validator.is_valid(good | bad)


def test_every_channel_of_the_document_has_its_schema_file() -> None:
    for topic, channel in asyncapi()["channels"].items():
        reference = channel["messages"]["value"].get("payload", {}).get("$ref")
        assert channel["address"] == topic
        assert reference is None or (HERE / reference).is_file()
