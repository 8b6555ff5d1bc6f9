"""How the demo looks: numbered steps, commands with their answers, plain text with a little colour on a terminal."""
import os
import sys
import time

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
LINES_MAX = 24  # Of one answer.


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def say(text=""):
    """A sentence, or several lines, about what happens."""
    for line in str(text).splitlines() or [""]:
        print(f"   {line}".rstrip(), flush=True)


def good(text):
    say(paint(text, "32"))


def bad(text):
    say(paint(text, "31"))


def command(text):
    print("   " + paint(f"$ {text}", "1"), flush=True)


def answer(text, lines_max=LINES_MAX):
    """What a command has printed."""
    lines = str(text).rstrip().splitlines()
    for line in lines[:lines_max]:
        print(f"     {line}".rstrip(), flush=True)
    if len(lines) > lines_max:
        print(f"     ... {len(lines) - lines_max} more lines", flush=True)


def problem(text):
    print("\n" + paint(f"demo: {text}", "31"), file=sys.stderr, flush=True)


def tail(log, lines=15):
    """The end of a log, if there is one."""
    try:
        text = log.read_text(errors="replace").rstrip()
    except OSError:
        return
    print(f"The end of {log.name}:", file=sys.stderr)
    for line in text.splitlines()[-lines:]:
        print(f"  | {line}", file=sys.stderr, flush=True)


class Steps:
    """Headings that count, each with the time since the start."""

    def __init__(self, count):
        self._count = count
        self._number = 0
        self._began = time.monotonic()

    def begin(self, title):
        self._number += 1
        seconds = time.monotonic() - self._began
        heading = f"[{self._number}/{self._count}] {title}"
        print("\n" + paint(f"{heading:<90}", "1;36") + f"{seconds:6.1f} s", flush=True)
