"""Draws a recording as an animation: a terminal emulator gives the screens, Pillow the pictures."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import pyte
from PIL import Image, ImageColor, ImageDraw, ImageFont

from launch.walk.recording import COLUMNS, ROWS, Printed

FRAME_SECONDS, LAST_SECONDS = 0.2, 4.0
SIZE, CELL, EDGE, SHADES = 13, (8, 16), 10, 7
BACKGROUND, FOREGROUND = "#16181d", "#d7dae0"
PALETTE = {
    "default": FOREGROUND,
    "black": "#5c6370",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#76e3ea",
    "white": "#ffffff",
}

# Of each cell: character, colour, bold.
Cells = tuple[tuple[tuple[str, str, bool], ...], ...]


@dataclass(frozen=True)
class Frame:
    cells: Cells
    seconds: float


def frames(printed: Sequence[Printed], end: float) -> list[Frame]:
    """The screens in the order they stood there; what changed within a fifth of a second is one of them."""
    shown = list(_screens(printed))
    times = [at for at, _ in shown] + [end + LAST_SECONDS]
    made: list[Frame] = []
    for place, (_, cells) in enumerate(shown):
        seconds = times[place + 1] - times[place]
        if made and made[-1].cells == cells:
            made[-1] = Frame(cells, made[-1].seconds + seconds)
        else:
            made.append(Frame(cells, seconds))
    return made


def _screens(printed: Iterable[Printed]) -> Iterator[tuple[float, Cells]]:
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    at: float | None = None
    for one in printed:
        if at is not None and one.at - at >= FRAME_SECONDS:
            yield at, _cells(screen)
            at = None
        stream.feed(one.text)
        at = one.at if at is None else at
    if at is not None:
        yield at, _cells(screen)


def _cells(screen: pyte.Screen) -> Cells:
    rows = (screen.buffer[row] for row in range(ROWS))
    return tuple(tuple((line[col].data, line[col].fg, line[col].bold) for col in range(COLUMNS)) for line in rows)


def write_animation(found: Sequence[Frame], file: Path) -> None:
    """An animated GIF that repeats."""
    colours = _colours()
    flat = [_picture(frame.cells).quantize(palette=colours, dither=Image.Dither.NONE) for frame in found]
    durations = [max(20, round(frame.seconds * 1000)) for frame in found]
    flat[0].save(file, save_all=True, append_images=flat[1:], duration=durations, loop=0, optimize=True)


def _colours() -> Image.Image:
    """Each colour of a letter in the shades that smooth edges take between it and the ground."""
    ground = ImageColor.getrgb(BACKGROUND)[:3]
    values = [
        round(low + (high - low) * shade / SHADES)
        for colour in PALETTE.values()
        for shade in range(SHADES + 1)
        for low, high in zip(ground, ImageColor.getrgb(colour)[:3], strict=True)
    ]
    holder = Image.new("P", (1, 1))
    holder.putpalette(values)
    return holder


def _picture(cells: Cells) -> Image.Image:
    width, height = CELL
    picture = Image.new("RGB", (COLUMNS * width + 2 * EDGE, ROWS * height + 2 * EDGE), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    plain, bold = _font("DejaVuSansMono.ttf"), _font("DejaVuSansMono-Bold.ttf")
    for row, line in enumerate(cells):
        for col, (character, colour, is_bold) in enumerate(line):
            if character.strip():
                place = (EDGE + col * width, EDGE + row * height)
                pen.text(place, character, fill=_colour(colour), font=bold if is_bold else plain)
    return picture


def _colour(name: str) -> str:
    """One of the names that the emulator knows, or the six digits of any other."""
    return PALETTE.get(name.removeprefix("bright"), FOREGROUND if len(name) != 6 else f"#{name}")


def _font(name: str) -> ImageFont.FreeTypeFont:
    """Matplotlib brings the letters, so that no machine needs any."""
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/{name}", SIZE)
