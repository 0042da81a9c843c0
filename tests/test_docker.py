"""The images and the compose file fit what the repository holds, as far as shows without an engine."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from streams.cli.main import COMMANDS
from streams.settings import ROOT, SECRETS, VARIABLES, from_environment

DOCKER = ROOT / "docker"
OURS = {"mingjing/streams": "Dockerfile.streams", "mingjing/airflow": "Dockerfile.airflow"}
AIRFLOW_COMMANDS = {"api-server", "scheduler", "dag-processor", "triggerer", "db"}
KNOWN = set(VARIABLES) | {f"{name}_FILE" for name in SECRETS} | {"TZ"}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def ours(image: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in services().items() if each["image"].startswith(image)}


def test_the_production_shape_has_every_role_in_a_service_of_its_own() -> None:
    assert {name: each["command"][0] for name, each in ours("mingjing/streams").items()} == {
        "migrate": "warehouse",
        "worker-1": "worker",
        "worker-2": "worker",
        "lander": "lander",
        "console": "console",
    }
    assert {each["command"][0] for each in ours("mingjing/airflow").values()} == AIRFLOW_COMMANDS
    others = {each["image"].partition(":")[0] for each in services().values()} - set(OURS)
    assert others == {"apache/kafka", "clickhouse/clickhouse-server", "postgres"}


def test_every_command_of_a_service_is_one_of_ours() -> None:
    for each in ours("mingjing/streams").values():
        assert each["command"][0] in COMMANDS


def test_every_variable_of_a_service_is_one_that_the_settings_know_and_accept() -> None:
    for name, each in {**ours("mingjing/streams"), **ours("mingjing/airflow")}.items():
        own = {key: str(value) for key, value in each["environment"].items() if not key.startswith("AIRFLOW__")}
        assert set(own) <= KNOWN, name
        plain = {key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for key, value in own.items()}
        read = from_environment({key: value for key, value in plain.items() if not key.endswith("_FILE")})
        assert read.kafka_host_ports == (("kafka", 9092),)


def test_the_addresses_in_the_settings_are_services_of_the_file() -> None:
    names = set(services())
    for each in ours("mingjing/streams").values():
        assert each["environment"]["KAFKA_BOOTSTRAP_SERVERS"].partition(":")[0] in names
        assert urlsplit(each["environment"]["CLICKHOUSE_URL"]).hostname in names
    for each in services().values():
        assert set(each.get("depends_on", ())) <= names


def test_secrets_come_from_files_and_no_service_reads_one_that_it_was_not_given() -> None:
    declared = compose()["secrets"]
    for name, each in services().items():
        given = set(each.get("secrets", ()))
        assert given <= set(declared), name
        for variable, value in each["environment"].items():
            for path in re.findall(r"/run/secrets/(\w+)", str(value)):
                assert path in given, f"{name}: {variable}"
            if re.search(r"PASSWORD|SECRET|KEY$|KEY_", variable):
                assert "/run/secrets/" in str(value), f"{name}: {variable} is written in the file"


def test_ports_are_published_on_loopback_alone() -> None:
    for name, each in services().items():
        for port in each.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name


def test_our_containers_run_without_root_on_a_read_only_root() -> None:
    for name, each in {**ours("mingjing/streams"), **ours("mingjing/airflow")}.items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each["user"].partition(":")[0] not in ("", "0", "root"), name


def test_whatever_runs_on_says_whether_it_is_well_and_keeps_its_data_in_a_declared_volume() -> None:
    volumes = set(compose()["volumes"])
    for name, each in services().items():
        assert {mount.partition(":")[0] for mount in each.get("volumes", ())} <= volumes, name
        if each["restart"] == "unless-stopped":
            assert "healthcheck" in each, name


@pytest.mark.parametrize("file", sorted(OURS.values()))
def test_an_image_copies_only_what_is_there_and_let_through(file: str) -> None:
    lines = (DOCKER / file).read_text(encoding="utf-8").splitlines()
    let_through = {
        line[1:] for line in (DOCKER / f"{file}.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    sources = [line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in let_through, source
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001:10001"]


def test_an_image_installs_from_a_lock_with_hashes() -> None:
    for file in OURS.values():
        text = (DOCKER / file).read_text(encoding="utf-8")
        assert "--require-hashes" in text
        (lock,) = re.findall(r"COPY (requirements/\S+\.txt)", text)
        assert "--hash=sha256:" in (ROOT / lock).read_text(encoding="utf-8")


def test_compose_itself_accepts_the_file_where_its_client_is_installed(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no compose client here")
    said = subprocess.run(
        [docker, "compose", "-f", str(DOCKER / "compose.yaml"), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
