"""The settings: read once, every fault named, secrets from files."""

from pathlib import Path

import pytest

from streams.settings import SettingsError, from_environment


def test_without_any_variable_everything_is_on_this_machine() -> None:
    read = from_environment({})
    assert read.kafka_host_ports == (("127.0.0.1", 9092),)
    assert "@127.0.0.1:9000/" in read.clickhouse_url
    assert read.clock == "wall"
    assert read.hash_key is None
    assert read.book is None


def test_every_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        from_environment(
            {
                "KAFKA_BOOTSTRAP_SERVERS": "kafka",
                "CLICKHOUSE_URL": "http:nowhere",
                "MINGJING_PARTITIONS": "none",
                "MINGJING_CLOCK": "sun",
                "MINGJING_APP": "a b",
                "MINGJING_HASH_KEY_FILE": "missing-file",
            }
        )
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "KAFKA_BOOTSTRAP_SERVERS",
        "CLICKHOUSE_URL",
        "MINGJING_PARTITIONS",
        "MINGJING_CLOCK",
        "MINGJING_APP",
        "MINGJING_HASH_KEY_FILE",
    ]
    assert caught.value.exit_status == 2


def test_secrets_come_from_files_and_the_password_goes_into_the_address(tmp_path: Path) -> None:
    key, password = tmp_path / "key", tmp_path / "password"
    key.write_text("a key\n", encoding="utf-8")
    password.write_text("p@ss/word\n", encoding="utf-8")
    read = from_environment(
        {
            "MINGJING_HASH_KEY_FILE": str(key),
            "CLICKHOUSE_URL": "clickhouse://mingjing@server:9440/mingjing?secure=1",
            "CLICKHOUSE_PASSWORD_FILE": str(password),
        }
    )
    assert read.hash_key == b"a key"
    assert read.clickhouse_url == "clickhouse://mingjing:p%40ss%2Fword@server:9440/mingjing?secure=1"


def test_a_secret_never_shows_when_settings_are_printed() -> None:
    read = from_environment({"MINGJING_HASH_KEY": "the-key", "CLICKHOUSE_PASSWORD": "the-password"})
    assert "the-key" not in repr(read)
    assert "the-password" not in repr(read)


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8", "MINGJING_LANGUAGE": "en"}, "en"),
    ],
)
def test_the_terminal_speaks_the_language_of_the_locale_unless_told_otherwise(
    environ: dict[str, str], language: str
) -> None:
    assert from_environment(environ).language == language
