"""The parts of pages that figures are written into, between two marks: <!-- NAME --> and <!-- /NAME -->."""

from pathlib import Path


def filled(text: str, mark: str, lines: str) -> str:
    """The page with these lines between its marks. Raises ValueError when it has no such marks."""
    before, begin, rest = text.partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition(f"<!-- /{mark} -->")
    if not (begin and end):
        raise ValueError(f"The page has no place between <!-- {mark} --> and <!-- /{mark} -->.")
    return f"{before}{begin}{lines}\n{end}{after}"


def fill(page: Path, mark: str, lines: str) -> None:
    """Write these lines between the marks of a page. Raises ValueError when it has no such marks."""
    page.write_text(filled(page.read_text(encoding="utf-8"), mark, lines), encoding="utf-8")
