"""The tree that cases copy from, and cases that text files cannot hold."""

from e2e.builds.case import Case, Content, File, archive

TREE: dict[str, Content] = {
    "a.txt": "a",
    "b.txt": "b",
    "run.sh": File("#!/bin/sh\n", 0o755),
    "d/one": "1",
    "d/e/two": File("2", 0o600),
    "d/e/three.txt": "3",
    "d/link": File("one", kind="link"),
    "d/out": File("/etc/passwd", kind="link"),
    "d/hard": File("one", kind="hard"),
    "dangling": File("nowhere", kind="link"),
    "to-d": File("d", kind="link"),
    "up": File("../../../etc/passwd", kind="link"),
    "sp ace/f": "s",
}
_ARCHIVES: dict[str, Content] = {
    "p.tar": archive(a="1", d__b="2"),
    "z.tar.gz": archive("gz", z="3"),
    "b.tar.bz2": archive("bz2", b="4"),
    "x.tar.xz": archive("xz", x="5"),
    "fake.tar.gz": "no archive",
    "one.gz": b"\x1f\x8bshort",
}

CASES = (
    Case("crlf", "FROM busybox\r\nENV A=1 \\\r\n B=2\r\nRUN echo x > /o\r\n"),
    Case("bom", "\ufeffFROM busybox\nENV A=1\n"),
    Case(
        "add-archive",
        "FROM busybox\nADD p.tar /p\nADD z.tar.gz /z/\nADD b.tar.bz2 x.tar.xz /bx/\n",
        _ARCHIVES,
    ),
    Case(
        "add-archive-over",
        "FROM busybox\nRUN mkdir -p /t && chmod 1777 /t\nADD p.tar /t\nADD p.tar /tmp/\n",
        _ARCHIVES,
    ),
    Case("add-no-archive", "FROM busybox\nADD fake.tar.gz /f/\nADD one.gz /f/\n", _ARCHIVES),
    Case(
        "add-chown",
        "FROM busybox\nADD --chown=1:2 fake.tar.gz /c\nADD --chown=3:4 p.tar /p/\n",
        _ARCHIVES,
    ),
    Case("copy-archive", "FROM busybox\nCOPY p.tar /p/\n", _ARCHIVES),
)
