"""Text under construction: lines with their indentation."""

from __future__ import annotations

from dataclasses import dataclass, field

INDENT = "    "


@dataclass
class Lines:
    """Lines of a block; what is nested is indented by `nest`."""

    lines: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.lines.extend(text.split("\n"))

    def nest(self, header: str, body: Lines) -> None:
        self.add(header)
        inner = body.lines or ["pass"]
        self.lines.extend(f"{INDENT}{line}" if line else "" for line in inner)

    def extend(self, other: Lines) -> None:
        self.lines.extend(other.lines)

    def text(self, level: int = 0) -> str:
        return "\n".join(f"{INDENT * level}{line}" if line else "" for line in self.lines)

    def __bool__(self) -> bool:
        return any(line.strip() and not line.strip().startswith("#") for line in self.lines)
