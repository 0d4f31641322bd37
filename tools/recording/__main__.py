"""``make recording``: plays ``make demo``, and draws docs/pictures/demo.gif."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.recording.pace import readable
from tools.recording.picture import changes, write_gif
from tools.recording.terminal import CommandFailed, Output, Size, played

GIF = Path(__file__).parents[2] / "docs/pictures/demo.gif"
COMMAND = ("make", "demo")
SIZE = Size(columns=88, rows=35)


def main() -> int:
    """Play the demo, and draw what its terminal showed; 1 if the demo failed."""
    prompt = Output(0.0, f"$ {' '.join(COMMAND)}\r\n")
    try:
        outputs = [prompt, *played(COMMAND, SIZE)]
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    # A redraw that changes nothing must not count as the end of a pause.
    changing = [output for output, _ in changes(outputs, SIZE)]
    GIF.parent.mkdir(exist_ok=True)
    write_gif(GIF, list(changes(readable(changing, SIZE), SIZE)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
