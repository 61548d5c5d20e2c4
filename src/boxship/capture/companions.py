"""Files that libraries open by name at run time, which no header and no package tells."""

import re

_TERMINALS = "ansi dumb linux rxvt screen* tmux* vt100 vt220 xterm xterm-256color xterm-color"
_LIBRARIES = ("/lib/{}", "/usr/lib/{}", "/lib64/{}", "/usr/lib64/{}")


def _in_libraries(*names: str) -> list[str]:
    beside = [f"{directory}/*-linux-*/{{}}" for directory in ("/lib", "/usr/lib")]
    return [place.format(name) for place in (*beside, *_LIBRARIES) for name in names]


def _terminal_descriptions() -> list[str]:
    tops = ("/lib/terminfo", "/usr/share/terminfo", "/etc/terminfo")
    return [f"{top}/{name[0]}/{name}" for top in tops for name in _TERMINALS.split()]


# Name of a library -> patterns of paths.
_ROWS: tuple[tuple[re.Pattern[str], list[str]], ...] = (
    (
        re.compile(r"libc\.so\.6\Z"),
        [
            *_in_libraries("libnss_files.so.2", "libnss_dns.so.2", "libgcc_s.so.1"),
            "/usr/lib/locale/C.utf8/*",
            "/usr/lib/locale/C.utf8/LC_MESSAGES/*",
            "/etc/ld.so.cache",
            "/etc/ld.so.conf",
            "/etc/ld.so.conf.d/*",
        ],
    ),
    (re.compile(r"ld-musl-.*\.so\.1\Z"), ["/etc/ld-musl-*.path"]),
    (re.compile(r"lib(?:tinfo|ncurses)w?\.so\."), _terminal_descriptions()),
)


def of(library: str) -> list[str]:
    """Patterns of the files that go with the library of that file name."""
    return [pattern for row, patterns in _ROWS if row.match(library) for pattern in patterns]
