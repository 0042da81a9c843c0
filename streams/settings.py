"""What a process is told by its environment: read once, checked at once, frozen."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the rooms."""

LANGUAGES = ("zh", "en")
CLOCKS = ("wall", "event")


class SettingsError(Exception):
    """The environment is wrong; the message names every variable that is."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is the environment variable of the table VARIABLES."""

    kafka_bootstrap_servers: str
    clickhouse_url: str = field(repr=False)
    """clickhouse://user:password@host:port/database; CLICKHOUSE_PASSWORD(_FILE) is filled in."""
    state: Path
    cache: Path
    partitions: int
    clock: str
    app: str
    """Prefix of the consumer groups, the transactional ids and the changelog topics."""
    topic_prefix: str
    """Put before every topic's name; empty in production, so that several systems can share a broker."""
    book: Path | None
    """A folder pins the workers to the book in it; without one they follow what is published under `book_name`."""
    book_name: str
    suites: Path
    """The folder of the suites that the nights run."""
    hash_key: bytes | None = field(repr=False)
    language: str
    console_host: str
    console_port: int
    metrics: tuple[str, int] | None = None
    """Where a worker or a lander tells its metrics; port 0 is any free one, None nowhere."""

    @property
    def kafka_host_ports(self) -> tuple[tuple[str, int], ...]:
        return tuple(_host_port(each) for each in self.kafka_bootstrap_servers.split(","))


def _host_port(text: str) -> tuple[str, int]:
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"`{text}` is not host:port")
    return host.strip("[]"), int(port)


def _bootstrap(text: str) -> str:
    for each in text.split(","):
        _host_port(each)
    return text


def _clickhouse(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname:
        raise ValueError("not of the form clickhouse://user:password@host:port/database")
    _ = parts.port
    return text


def _metrics(text: str) -> tuple[str, int] | None:
    host, _, port = text.rpartition(":")
    if text and not (port.isdigit() and int(port) < 65_536):
        raise ValueError(f"`{text}` is not a port, nor host:port")
    return (host.strip("[]") or "127.0.0.1", int(port)) if text else None


def _count(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 65_535:
        raise ValueError(f"`{text}` is not a number between 1 and 65535")
    return int(text)


def _one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"`{text}` is none of {', '.join(allowed)}")
        return text

    return check


def _name(text: str) -> str:
    if not all(letter.isalnum() or letter in "._-" for letter in text):
        raise ValueError(f"`{text}` has letters that a topic's name cannot have")
    return text


def _folder(text: str) -> Path:
    return Path(text).expanduser().resolve()


def _folder_or_none(text: str) -> Path | None:
    return _folder(text) if text else None


def _book_name(text: str) -> str:
    if text.startswith((".", "-", "_")):
        raise ValueError(f"`{text}` does not begin with a letter or a digit")
    return _name(text)


VARIABLES: dict[str, tuple[str, Callable[[str], object], str]] = {
    "KAFKA_BOOTSTRAP_SERVERS": ("kafka_bootstrap_servers", _bootstrap, "127.0.0.1:9092"),
    "CLICKHOUSE_URL": ("clickhouse_url", _clickhouse, "clickhouse://default:@127.0.0.1:9000/default"),
    "MINGJING_STATE": ("state", _folder, str(ROOT / ".state")),
    "MINGJING_CACHE": ("cache", _folder, str(ROOT / ".cache" / "mingjing")),
    "MINGJING_PARTITIONS": ("partitions", _count, "4"),
    "MINGJING_CLOCK": ("clock", _one_of(CLOCKS), "wall"),
    "MINGJING_APP": ("app", _name, "mingjing"),
    "MINGJING_TOPIC_PREFIX": ("topic_prefix", _name, ""),
    "MINGJING_BOOK": ("book", _folder_or_none, ""),
    "MINGJING_BOOK_NAME": ("book_name", _book_name, "mingjing"),
    "MINGJING_SUITES": ("suites", _folder, str(ROOT / "expectations" / "suites")),
    "MINGJING_LANGUAGE": ("language", _one_of(LANGUAGES), ""),
    "MINGJING_CONSOLE_HOST": ("console_host", str, "127.0.0.1"),
    "MINGJING_CONSOLE_PORT": ("console_port", _count, "8080"),
    "MINGJING_METRICS": ("metrics", _metrics, ""),
}
"""Variable → (field, how it is read, what holds when it is not set)."""

SECRETS = ("MINGJING_HASH_KEY", "CLICKHOUSE_PASSWORD")
"""Read from the variable itself or from the file that NAME_FILE points at."""


def spoken(environ: Mapping[str, str]) -> str:
    """The language of the terminal: Chinese where the locale says so, English otherwise."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


def secret(environ: Mapping[str, str], name: str) -> str | None:
    if file := environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as fault:
            raise ValueError(f"cannot read {file}: {fault.strerror}") from fault
    return environ.get(name) or None


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    user = quote(parts.username or "default")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{address}"))


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Reads every variable and reports all that are wrong in one SettingsError."""
    values: dict[str, object] = {}
    faults: list[str] = []
    for variable, (name, read, default) in VARIABLES.items():
        text = environ.get(variable) or default or spoken(environ) * (name == "language")
        try:
            values[name] = read(text)
        except ValueError as fault:
            faults.append(f"{variable}: {fault}")
    secrets: dict[str, str | None] = {}
    for each in SECRETS:
        try:
            secrets[each] = secret(environ, each)
        except ValueError as fault:
            faults.append(f"{each}_FILE: {fault}")
    if faults:
        raise SettingsError("\n".join(faults))
    key, password = secrets["MINGJING_HASH_KEY"], secrets["CLICKHOUSE_PASSWORD"]
    values["hash_key"] = key.encode() if key else None
    if password:
        values["clickhouse_url"] = _with_password(str(values["clickhouse_url"]), password)
    return Settings(**values)  # type: ignore[arg-type]


@cache
def settings() -> Settings:
    """The settings of this process, read at the first call."""
    return from_environment(os.environ)
