"""A recording as a moving picture: a terminal's screens, drawn one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyte
from matplotlib import get_data_path
from PIL import Image, ImageColor, ImageDraw, ImageFont

from tools.recording.terminal import Output, Size

LAST_SECONDS = 8.0
"""For how long the last screen stays, before the picture begins again."""

FONT_PIXELS = 20
LETTER_PIXELS = 12
LINE_PIXELS = 25
MARGIN_PIXELS = 20
FONTS = {
    (bold, italic): ImageFont.truetype(
        f"{get_data_path()}/fonts/ttf/DejaVuSansMono{style}.ttf", FONT_PIXELS
    )
    for bold, italic, style in (
        (False, False, ""),
        (True, False, "-Bold"),
        (False, True, "-Oblique"),
        (True, True, "-BoldOblique"),
    )
}

BACKGROUND, FOREGROUND = "#0d1117", "#d7dde4"
# The sixteen colours of a terminal, by pyte's names; its brown is yellow.
COLOURS = {
    "default": FOREGROUND,
    "black": "#484f58",
    "red": "#ff7b72",
    "green": "#3fb950",
    "brown": "#d29922",
    "blue": "#58a6ff",
    "magenta": "#bc8cff",
    "cyan": "#39c5cf",
    "white": "#b1bac4",
    "brightblack": "#6e7681",
    "brightred": "#ffa198",
    "brightgreen": "#56d364",
    "brightbrown": "#e3b341",
    "brightblue": "#79c0ff",
    "brightmagenta": "#d2a8ff",
    "brightcyan": "#56d4dd",
    "brightwhite": "#ffffff",
}
SHADES = 12
NO_DITHER = Image.Dither.NONE


@dataclass(frozen=True)
class Letter:
    """A character as the screen shows it."""

    text: str
    colour: str
    bold: bool
    italic: bool
    underlined: bool


Screen = tuple[tuple[Letter, ...], ...]


def changes(outputs: Iterable[Output], size: Size) -> Iterator[tuple[Output, Screen]]:
    """The outputs that change the screen, each with the screen after it."""
    terminal = pyte.Screen(size.columns, size.rows)
    stream = pyte.Stream(terminal)
    before: object = None
    for output in outputs:
        stream.feed(output.text)
        screen = _screen(terminal)
        now = screen, terminal.cursor.x, terminal.cursor.y
        if now != before:
            before = now
            yield output, screen


def _screen(terminal: pyte.Screen) -> Screen:
    return tuple(
        tuple(_letter(terminal.buffer[row][column]) for column in range(terminal.columns))
        for row in range(terminal.lines)
    )


def _letter(char: pyte.screens.Char) -> Letter:
    return Letter(char.data, COLOURS[char.fg], char.bold, char.italics, char.underscore)


def write_gif(path: Path, shown: list[tuple[Output, Screen]]) -> None:
    """Draw each screen, for as long as it was shown, into a GIF that repeats."""
    palette = _palette()
    frames = [_drawn(screen).quantize(palette=palette, dither=NO_DITHER) for _, screen in shown]
    starts = [output.at for output, _ in shown]
    ends = [*starts[1:], starts[-1] + LAST_SECONDS]
    # A GIF counts in hundredths of a second.
    durations = [round(100 * (end - at)) * 10 for at, end in zip(starts, ends, strict=True)]
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True
    )


def _palette() -> Image.Image:
    """The terminal's colours, each in steps from the background, for smooth letters."""
    background = ImageColor.getrgb(BACKGROUND)
    steps = [
        round(under + (over - under) * step / (SHADES - 1))
        for colour in COLOURS.values()
        for step in range(SHADES)
        for under, over in zip(background, ImageColor.getrgb(colour), strict=True)
    ]
    palette = Image.new("P", (1, 1))
    palette.putpalette(steps)
    return palette


def _drawn(screen: Screen) -> Image.Image:
    size = (
        len(screen[0]) * LETTER_PIXELS + 2 * MARGIN_PIXELS,
        len(screen) * LINE_PIXELS + 2 * MARGIN_PIXELS,
    )
    image = Image.new("RGB", size, BACKGROUND)
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(screen):
        for column, letter in enumerate(line):
            if letter.text.strip() or letter.underlined:
                at = MARGIN_PIXELS + column * LETTER_PIXELS, MARGIN_PIXELS + row * LINE_PIXELS
                _draw(pen, at, letter)
    return image


def _draw(pen: ImageDraw.ImageDraw, at: tuple[int, int], letter: Letter) -> None:
    x, y = at
    pen.text((x, y), letter.text, letter.colour, FONTS[letter.bold, letter.italic])
    if letter.underlined:
        under = y + FONT_PIXELS + 2
        pen.line((x, under, x + LETTER_PIXELS - 1, under), letter.colour)
