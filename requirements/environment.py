"""Decides whether an environment still is what its lock says, and makes it so; needs nothing but Python.

python3 requirements/environment.py .venv requirements/all.txt             makes or refreshes it
python3 requirements/environment.py --fresh .venv requirements/all.txt     exit status 0 when it is
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
SCRIPT = """\
#!{python}
import sys

from streams.cli.main import main

if __name__ == "__main__":  # what is spawned reads this file once more
    sys.exit(main())
"""


def stamp_of(lock: Path) -> str:
    """What an environment is made of: the lock, this recipe, the Python and the place."""
    parts = (lock.read_bytes(), Path(__file__).read_bytes(), sys.version.encode(), str(ROOT).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_fresh(folder: Path, lock: Path) -> bool:
    stamp = folder / "lock.sha256"
    return stamp.exists() and stamp.read_text() == stamp_of(lock)


def install(folder: Path, lock: Path) -> None:
    """The lock is complete, so nothing is resolved: each line is fetched and checked against its hashes."""
    python = folder / "bin" / "python"
    if uv := shutil.which("uv"):
        run(uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder))
        environment = {**os.environ, "VIRTUAL_ENV": str(folder)}
        run(uv, "pip", "sync", "--quiet", "--require-hashes", str(lock), env=environment)
    else:
        run(sys.executable, "-m", "venv", "--clear", str(folder))
        run(
            *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "-r", str(lock)),
        )


def run(*command: str, env: dict[str, str] | None = None) -> None:
    if status := subprocess.run(command, env=env, check=False).returncode:
        sys.exit(f"{Path(command[0]).name} ended with status {status}: the environment is not complete")


def add_project(folder: Path) -> None:
    """The rooms are used where they lie; the command is a script that starts them."""
    site = next((folder / "lib").glob("python3.*")) / "site-packages"
    (site / "mingjing.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    script = folder / "bin" / "mingjing"
    script.write_text(SCRIPT.format(python=folder / "bin" / "python"), encoding="utf-8")
    script.chmod(0o755)


def main(arguments: list[str]) -> int:
    only_ask = arguments[:1] == ["--fresh"]
    folder, lock = (Path(each).absolute() for each in arguments[only_ask:])
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return complain(f"Python 3.11, 3.12 or 3.13 is needed, this is {sys.version.split()[0]}; try PYTHON=python3.12")
    if is_fresh(folder, lock):
        return 0
    if only_ask:
        return 1
    print(f"{folder.name}: installing {lock.name} (a few minutes the first time) ...", file=sys.stderr)
    install(folder, lock)
    add_project(folder)
    (folder / "lock.sha256").write_text(stamp_of(lock))
    return 0


def complain(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
