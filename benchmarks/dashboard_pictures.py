"""Pictures of the running dashboard for docs/images: `python -m benchmarks.dashboard_pictures HOME`.

HOME is a store of `python -m benchmarks.dashboard_history HOME --models 100 --days 30`. With `--all FOLDER` every page
is taken, light and dark, to be looked at.
"""

import argparse
import tempfile
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser

from benchmarks.dashboard_system import (
    agent_over,
    browser,
    chromium,
    dashboard_of,
    open_page,
    wait_until_it_stands,
    whole_height,
)

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH, HEIGHT, HIGHEST = 1280, 800, 2_600
PREDICTIONS = 200
MODEL = "sms_spam"
PAGES = {
    "overview": "/",
    "model": f"/model?model={MODEL}",
    "versions": f"/versions?model={MODEL}",
    "timeline": f"/timeline?model={MODEL}",
    "decisions": f"/decisions?model={MODEL}",
    "approvals": "/approvals",
    "messages": f"/messages?model={MODEL}",
    "labels": f"/labels?model={MODEL}",
    "chat": f"/chat?model={MODEL}",
}
# What the documents show: page, colour scheme, and how much of its height.
KEPT = (
    ("overview", "light", 900),
    ("model", "light", 1_180),
    ("decisions", "dark", 1_500),
    ("versions", "light", 1_150),
)


def take(opened: Browser, url: str, name: str, scheme: str, height: int | None, folder: Path) -> Path:
    """One page as it stands at 1280 pixels; `height` None: all of it."""
    context = opened.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
    page = context.new_page()
    open_page(page, url + PAGES[name])
    page.set_viewport_size({"width": WIDTH, "height": height or min(max(whole_height(page), HEIGHT), HIGHEST)})
    page.wait_for_timeout(3_000)  # charts and tables are drawn on canvases that nothing tells the end of
    wait_until_it_stands(page)
    path = folder / f"dashboard-{name}{'' if scheme == 'light' else '-dark'}.png"
    page.screenshot(path=path)
    context.close()
    _make_small(path)
    return path


def _make_small(path: Path) -> None:
    """A palette of 256 colours is enough for a page and a third of the size."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def some_traffic(serving_url: str) -> None:
    """Single predictions, so that there is a latency to show."""
    with httpx.Client(base_url=serving_url) as http:
        for number in range(PREDICTIONS):
            http.post("/predict", json={"message": f"See you at {number % 12} for lunch?"}).raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--all", type=Path, help="folder for pictures of every page, light and dark")
    wanted = parser.parse_args()
    program = chromium()
    if program is None:
        raise SystemExit("There is no chromium: apt-get install chromium, or set REFIT_CHROMIUM.")
    every = [(name, scheme, None) for scheme in ("light", "dark") for name in PAGES]
    shots = every if wanted.all else list(KEPT)
    folder = wanted.all or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as files,
        agent_over(wanted.home) as agent_url,
        dashboard_of(agent_url, Path(files)) as url,
        browser(program) as opened,
    ):
        some_traffic(f"http://127.0.0.1:{(wanted.home / 'serving.port').read_text().strip()}")
        for name, scheme, height in shots:
            path = take(opened, url, name, scheme, height, folder)
            print(f"{path} {path.stat().st_size // 1024} kB", flush=True)


if __name__ == "__main__":
    main()
