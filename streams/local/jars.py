"""Decides which jars the broker runs on: the locked list, each checked by its SHA-256 when it is fetched."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("jars.lock")
ROOTS = ("org.apache.kafka:kafka_2.13:4.3.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4")
"""Kafka itself, and the bridge that its logging needs; everything else follows from their POMs."""

HEADER = """\
# The broker's jars: group:artifact:version and the SHA-256 of the file.
# Built from the roots in jars.py by `mingjing local lock`; where they come from is the machine's business.
"""

ATTEMPTS = 3

Advance = Callable[[int, int], None]
"""Told (jars that are there, jars in all) after every jar."""


class JarError(Exception):
    """A jar cannot be fetched, or is not the one that was locked."""

    exit_status = 3


@dataclass(frozen=True, slots=True)
class Jar:
    coordinate: str
    sha256: str

    def path(self, cache: Path) -> Path:
        """Where the Maven layout puts this jar below the cache folder."""
        group, artifact, version = self.coordinate.split(":")
        return cache / "maven" / Path(*group.split(".")) / artifact / version / f"{artifact}-{version}.jar"


def locked(lock: Path = LOCK) -> tuple[Jar, ...]:
    """The jars of the lock, in its order; a line that is none is a JarError with its place."""
    jars: list[Jar] = []
    for number, line in enumerate(lock.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        coordinate, _, digest = line.partition(" ")
        if coordinate.count(":") != 2 or len(digest) != 64:
            raise JarError(f"{lock.name}:{number}: not `group:artifact:version sha256`: {line}")
        jars.append(Jar(coordinate, digest))
    return tuple(jars)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _context(cache: Path, repository: str | None) -> Any:
    from jgo.maven import MavenContext, PythonResolver

    remote = {"central": repository} if repository else None
    return MavenContext(
        resolver=PythonResolver(), repo_cache=cache / "maven", local_repos=[], remote_repos=remote, timeout=60
    )


def _download(context: Any, coordinate: str) -> Path:
    try:
        return Path(context.create_dependency(coordinate).artifact.resolve())
    except Exception as fault:  # jgo passes on whatever its HTTP library and its parser raise
        raise JarError(f"cannot fetch {coordinate}: {fault}") from fault


def fetch(context: Any, jar: Jar, cache: Path) -> Path:
    """A cut-off download has the wrong digest, too: such a file is fetched again before it is a fault."""
    target = jar.path(cache)
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            found = _download(context, jar.coordinate)
        except JarError as fault:
            reason = str(fault)
            continue
        digest = sha256_of(found)
        if digest == jar.sha256:
            _mark(target).write_text(jar.sha256, encoding="utf-8")
            return target
        found.unlink()
        reason = f"{jar.coordinate} is not the file that was locked: SHA-256 is {digest}, not {jar.sha256}"
    raise JarError(reason)


def _mark(target: Path) -> Path:
    return target.with_suffix(".jar.verified")


def _verified(jar: Jar, cache: Path) -> bool:
    target = jar.path(cache)
    mark = _mark(target)
    return target.exists() and mark.exists() and mark.read_text(encoding="utf-8") == jar.sha256


def ensure(cache: Path, advance: Advance = lambda done, total: None, repository: str | None = None) -> list[Path]:
    """Every locked jar as a file under the cache; what is missing is fetched, four at a time."""
    jars = locked()
    missing = [jar for jar in jars if not _verified(jar, cache)]
    done = len(jars) - len(missing)
    advance(done, len(jars))
    if missing:
        with _alone(cache), ThreadPoolExecutor(4) as pool:
            context = _context(cache, repository)
            for _ in pool.map(lambda jar: fetch(context, jar, cache), missing):
                done += 1
                advance(done, len(jars))
    return [jar.path(cache) for jar in jars]


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Two processes that start with a cold cache must not write the same file."""
    import fcntl

    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "jars.wait").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def rebuild(cache: Path, roots: Iterable[str] = ROOTS, repository: str | None = None) -> str:
    """The text of a new lock: the roots and all that they need at run time, resolved by jgo without Maven.

    Each root is resolved by itself: together, the versions that one manages would override the other's.
    """
    context = _context(cache, repository)
    chosen: dict[str, str] = {}
    for root in roots:
        direct, transitive = context.resolver.resolve([context.create_dependency(root)])
        for each in (*direct, *transitive):
            chosen.setdefault(f"{each.groupId}:{each.artifactId}", each.version)
    coordinates = sorted(f"{project}:{version}" for project, version in chosen.items())
    with ThreadPoolExecutor(4) as pool:
        files = pool.map(lambda coordinate: _download(context, coordinate), coordinates)
        lines = [f"{name} {sha256_of(file)}\n" for name, file in zip(coordinates, files, strict=True)]
    return HEADER + "".join(lines)
