"""Containers of the tests' own: the project's images and its compose file, by podman and runc.

The pinned base images are pulled where a registry answers. Elsewhere a Debian of the machine's own release stands in
for them, which needs mmdebstrap. What pip and TLS are set up with on the machine is seen by the builds too.
"""

import json
import os
import re
import resource
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import RefitError

CHECKOUT = Path(__file__).parents[2]
IMAGES = Path(__file__).with_name("images")
PREFIX = "localhost/refit-test-"
ROLES = ("serving", "agent", "dashboard")
PROGRAMS = ("podman", "runc", "podman-compose")
# What the machine's own pip and TLS are set up with: a build on it needs the same.
MACHINE_FILES = ("/etc/pip.conf", "/etc/ssl/certs")
DEBIAN = ("python3-venv", "ca-certificates")


class ContainersError(RefitError):
    """A command of podman failed; the message ends with what it printed last."""


class Podman:
    """Podman with settings of its own; nothing of the machine's is changed but its store of images and containers."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._environment = os.environ | {"CONTAINERS_CONF": str(_settings(folder)), "BUILDAH_FORMAT": "docker"}

    def run(self, *command: str, stdin: bytes | None = None, timeout: float = 900, **variables: str) -> str:
        """What a command printed. Raises ContainersError for any other exit code than 0."""
        done = subprocess.run(
            command,
            input=stdin or b"",
            capture_output=True,
            cwd=CHECKOUT,
            env=self._environment | variables,
            timeout=timeout,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").splitlines()[-25:]
            raise ContainersError(f"{' '.join(command[:6])} ended with {done.returncode}:\n" + "\n".join(said))
        return done.stdout.decode()

    def has_image(self, name: str) -> bool:
        with suppress(ContainersError):
            self.run("podman", "image", "exists", name)
            return True
        return False

    def pulled(self, name: str) -> bool:
        """Whether an image is here, or a registry gave it."""
        if self.has_image(name):
            return True
        with suppress(ContainersError, subprocess.TimeoutExpired):
            self.run("podman", "pull", "--quiet", name, timeout=300)
            return True
        return False


def _settings(folder: Path) -> Path:
    """A containers.conf that asks for no higher limits than this process has, which not every machine may raise."""
    limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    kept = [f'"{name}={_within(kind)}:{_within(kind)}"' for name, kind in limits.items()]
    path = folder / "containers.conf"
    path.write_text(f'[containers]\ndefault_ulimits = [{", ".join(kept)}]\n[engine]\nruntime = "runc"\n')
    return path


def _within(kind: int, most: int = 4096) -> int:
    hard = resource.getrlimit(kind)[1]
    return most if hard == resource.RLIM_INFINITY else min(hard, most)


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name) is None]


def why_not() -> str | None:
    """Why no container can run on this machine, tried with one over its own files; None where one can."""
    if missing := missing_programs():
        return f"{', '.join(missing)} not installed; on Debian: apt-get install {' '.join(missing)}."
    with tempfile.TemporaryDirectory() as folder:
        try:
            Podman(Path(folder)).run("podman", "run", "--rm", "--rootfs", "/:O", "true", timeout=120)
        except (ContainersError, subprocess.TimeoutExpired) as error:
            return str(error)
    return None


def build_images(podman: Podman) -> str:
    """Build the image of every role and return the image of PostgreSQL to run them with."""
    base, postgres = pinned("PYTHON_IMAGE"), pinned("POSTGRES_IMAGE")
    if not podman.pulled(base):
        base = _stand_in_base(podman)
    if not podman.pulled(postgres):
        postgres = f"{PREFIX}postgres"
        _build(podman, postgres, IMAGES, f"--build-arg=BASE={_stand_in_base(podman)}")
    seen = [f"--volume={path}:{path}:ro" for path in MACHINE_FILES if Path(path).exists()]
    for role in ROLES:
        images = (f"--build-arg=PYTHON_IMAGE={base}", f"--build-arg=POSTGRES_IMAGE={postgres}")
        _build(podman, f"{PREFIX}{role}", CHECKOUT, f"--target={role}", *images, *seen)
    return postgres


def pinned(variable: str) -> str:
    """The image that the compose file names for a variable that nobody sets."""
    found = re.search(rf"\$\{{{variable}:-([^}}]+)\}}", (CHECKOUT / "docker-compose.yml").read_text())
    assert found, f"docker-compose.yml has no default for {variable}"
    return found[1]


def _build(podman: Podman, name: str, context: Path, *options: str) -> None:
    podman.run("podman", "build", "--network=host", "--tag", name, *options, str(context), timeout=1_200)


def _stand_in_base(podman: Podman) -> str:
    name = f"{PREFIX}base"
    if podman.has_image(name):
        return name
    if shutil.which("mmdebstrap") is None:
        raise ContainersError("No registry answers, and mmdebstrap is not installed: apt-get install mmdebstrap")
    release = re.search(r"VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())
    without = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale")]
    archive = podman.folder / "base.tar"
    try:
        options = ["--variant=minbase", f"--include={','.join(DEBIAN)}", *without]
        podman.run("mmdebstrap", *options, release[1] if release else "stable", str(archive))
        podman.run("podman", "import", "--quiet", str(archive), name)
    finally:
        archive.unlink(missing_ok=True)
    return name


class Project:
    """The compose file under a name and on ports of its own."""

    def __init__(self, podman: Podman, folder: Path, postgres: str, ports: Sequence[int]):
        self.podman, self.name = podman, f"refit-test-{secrets.token_hex(4)}"
        self.serving, self.agent, self.dashboard = (f"http://127.0.0.1:{port}" for port in ports)
        self._secrets = folder / "secrets"
        self._variables = {
            "POSTGRES_IMAGE": postgres,
            "REFIT_IMAGES": PREFIX,
            "SECRETS_DIR": str(self._secrets),
            "SERVING_PORT": str(ports[0]),
            "AGENT_PORT": str(ports[1]),
            "DASHBOARD_PORT": str(ports[2]),
        }
        podman.run("bin/secrets", str(self._secrets))

    def secret(self, name: str) -> str:
        return (self._secrets / name).read_text().strip()

    def compose(self, *arguments: str) -> None:
        self.podman.run("podman-compose", "--project-name", self.name, *arguments, **self._variables)

    def container(self, service: str) -> str:
        return f"{self.name}_{service}_1"

    def inside(self, service: str, *command: str, stdin: bytes | None = None) -> str:
        """What a command in a container printed."""
        return self.podman.run("podman", "exec", "--interactive", self.container(service), *command, stdin=stdin)

    def logs(self) -> str:
        """The end of every container's log, for the report of a failure."""
        names = json.loads(self._listed("ps", "--all", "--format=json"))
        told = []
        for name in sorted(entry["Names"][0] for entry in names):
            with suppress(ContainersError):
                said = subprocess.run(["podman", "logs", "--tail=30", name], capture_output=True, text=True).stdout
                told.append(f"== {name}\n{said}")
        return "\n".join(told)

    def remove(self) -> None:
        """Containers, networks and volumes of this project, whatever state they are in."""
        for kind, options in (("ps", ["--all"]), ("network", []), ("volume", [])):
            listing = ["ps"] if kind == "ps" else [kind, "ls"]
            ids = self._listed(*listing, *options, "--quiet").split()
            removing = ["rm", "--force", "--volumes", "--time=5"] if kind == "ps" else [kind, "rm", "--force"]
            if ids:
                self.podman.run("podman", *removing, *ids)

    def _listed(self, *command: str) -> str:
        return self.podman.run("podman", *command, f"--filter=label=io.podman.compose.project={self.name}")


@contextmanager
def running_project(folder: Path, ports: Sequence[int]) -> Iterator[Project]:
    """Build the images, start the compose file, and take all of it away in the end but the images."""
    podman = Podman(folder)
    project = Project(podman, folder, build_images(podman), ports)
    try:
        project.compose("up", "--detach", "--no-build")
        yield project
    finally:
        project.remove()
