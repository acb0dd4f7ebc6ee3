"""Writes the generated parts of docs/: `make docs` (python -m launch.pages)."""

from collections.abc import Callable, Iterator

from launch.pages.commands_page import commands_page
from launch.pages.http_page import agent_page, serving_page
from launch.pages.places import DOCS, filled
from launch.pages.settings_page import settings_page

# Page, name of its part, and what fills it.
PARTS: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("settings.md", "settings", settings_page),
    ("http-api.md", "agent", agent_page),
    ("http-api.md", "serving", serving_page),
    ("cli.md", "commands", commands_page),
)


def pages() -> Iterator[tuple[str, str]]:
    """Every page with generated parts as it should read."""
    for name in dict.fromkeys(page for page, _, _ in PARTS):
        text = (DOCS / name).read_text()
        for page, part, fill in PARTS:
            if page == name:
                text = filled(text, part, fill())
        yield name, text


def main() -> None:
    for name, text in pages():
        file = DOCS / name
        changed = file.read_text() != text
        file.write_text(text)
        print(f"docs/{name}: {'written' if changed else 'is current'}")


if __name__ == "__main__":
    main()
