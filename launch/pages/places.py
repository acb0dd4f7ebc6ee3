"""Where generated parts stand in the pages of docs/: between two comments, with words of people around them."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def filled(page: str, name: str, generated: str) -> str:
    """The page with the part of that name replaced. Raises ValueError where the page has no such part."""
    begin, end = f"<!-- generated: {name} -->", f"<!-- /generated: {name} -->"
    found, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: f"{begin}\n{generated.strip()}\n{end}",
        page,
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"The page has {count} parts {name!r} between {begin} and {end}; it needs one.")
    return found


def cell(text: str) -> str:
    """A text as one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
