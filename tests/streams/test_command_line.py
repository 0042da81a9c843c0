"""The command line: every command is there with an example, and faults become statuses."""

import subprocess
import sys
from importlib import import_module

import pytest

from streams.cli import main as command_line
from streams.cli.main import COMMANDS, SUMMARIES, exit_status, main


def words(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(list(arguments))
    except SystemExit as ended:
        status = int(ended.code or 0)
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_help_lists_every_command_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = words(capsys, "--help")
    assert status == 0
    assert COMMANDS.keys() == SUMMARIES.keys()
    for name in COMMANDS:
        assert f" {name} " in out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_there_and_its_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module, _, attribute = COMMANDS[name].partition(":")
    assert hasattr(import_module(module), attribute)
    status, out, _ = words(capsys, name, "--help")
    assert status == 0
    assert f"mingjing {name}" in " ".join(out.replace("│", " ").split())


def test_the_help_imports_no_command() -> None:
    heavy = ("nicegui", "faust", "aiokafka", "chdb", "clickhouse_driver", "airflow", "rocksdict")
    script = (
        "import sys\nfrom streams.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stderr.strip() == "[]"


def test_an_unknown_command_is_a_usage_error_that_suggests_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, _, err = words(capsys, "replya")
    assert status == 2
    assert "replay" in err


def test_a_fault_that_declares_a_status_ends_with_one_line_and_that_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise command_line.NotInstalled("the part is not here")

    monkeypatch.setitem(COMMANDS, "broken", "tests_broken:command")
    monkeypatch.setattr(command_line, "import_module", lambda _: type("Module", (), {"command": broken}))
    status, _, err = words(capsys, "broken")
    assert status == 3
    assert err.strip() == "mingjing: the part is not here"


def test_what_cannot_be_reached_ends_with_3_and_a_defect_keeps_its_traceback() -> None:
    from clickhouse_driver.errors import NetworkError
    from kafka.errors import KafkaTimeoutError

    assert exit_status(ConnectionRefusedError()) == 3
    assert exit_status(NetworkError("gone")) == 3
    assert exit_status(KafkaTimeoutError()) == 3
    assert exit_status(ZeroDivisionError()) is None
