"""Dockerfiles by a grammar: every instruction, flag and form of expansion, whole and broken."""

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "B_1", "v", "HTTP_PROXY", "TARGETOS", "PATH", "1", "", "é", "a-b"])
PLAIN = st.sampled_from(
    ["a", "/x", "a/b", "../..", ".", "/", "", "*", "a*b", "[a", "[^]", "\\", "a\\", "'", '"', "''",
     "'a b'", '"a b', "é", "\x00", "\udcff", "~", "0", "-1", "9" * 30, "--", "-", "=", "a=", "=b",
     "a=b", ",", ":", "a:b:c", "1:2", "<<E", "<<-'E'", "<<", "[]", '["a"]', '["a", 1]', "[[[", "{}",
     '["a","/b/"]', "#", "\t", "\u2028", "stage", "busybox", "scratch", "none", "NONE", "CMD",
     "http://127.0.0.1:1/x", "https://[", "git@127.0.0.1:x.git", "a.git#", "80/tcp", "5-2",
     "1-99999999", "80/udp/x", "SIGTERM", "RTMIN+99", "/bin/sh", "AS", "sha256:" + "0" * 64]
)  # fmt: skip
EXPANSIONS = st.recursive(
    st.one_of(
        PLAIN, st.sampled_from(["$", "$$", "${", "${}", "$a", "${a}", "${a", "$1", "${:-x}"])
    ),
    lambda inner: st.builds(
        lambda name, how, word, end: "${" + name + how + word + end,
        NAMES,
        st.sampled_from(
            [":-", ":+", ":?", "-", "+", "?", "#", "##", "%", "%%", "/", "//", ":", "::", "^", ":1"]
        ),
        st.one_of(inner, st.builds(lambda a, b: f"{a}/{b}", inner, inner)),
        st.sampled_from(["}", "}", "}", ""]),
    ),
    max_leaves=4,
)
WORDS = st.one_of(PLAIN, EXPANSIONS, st.builds(lambda a, b: a + b, EXPANSIONS, PLAIN))
_MOUNT_OPTIONS = st.builds(
    lambda name, value: name + value,
    st.sampled_from(
        ["type", "target", "dst", "source", "src", "from", "id", "ro", "rw", "readonly",
         "readwrite", "required", "env", "mode", "uid", "gid", "size", "sharing",
         "Target", "nonsense", ""]
    ),
    st.one_of(
        st.just(""),
        st.builds(
            lambda word: f"={word}",
            st.one_of(
                WORDS,
                st.sampled_from(["bind", "cache", "tmpfs", "secret", "ssh", "locked", "64k"]),
            ),
        ),
    ),
)  # fmt: skip
_MOUNTS = st.lists(_MOUNT_OPTIONS, max_size=5).map(",".join)
_FLAG_NAMES = st.sampled_from(
    ["from", "chown", "chmod", "link", "parents", "exclude", "checksum", "keep-git-dir", "unpack",
     "mount", "network", "security", "platform", "interval", "timeout", "start-period",
     "start-interval", "retries", "nonsense", ""]
)  # fmt: skip
_FLAGS = st.one_of(
    st.builds(lambda name, value: f"--{name}={value}", _FLAG_NAMES, WORDS),
    st.builds(lambda name: f"--{name}", _FLAG_NAMES),
    st.builds(lambda options: f"--mount={options}", _MOUNTS),
    st.builds(
        lambda name, value: f"--{name}={value}",
        st.sampled_from(["interval", "timeout", "retries", "start-period"]),
        st.sampled_from(["1s", "1h2m", "-1s", "0", "3", "9" * 40 + "h", "1e9s", ".s", "1"]),
    ),
)
KEYWORDS = st.sampled_from(
    ["FROM", "ARG", "ENV", "RUN", "COPY", "ADD", "WORKDIR", "USER", "EXPOSE", "VOLUME", "LABEL",
     "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL", "STOPSIGNAL", "ONBUILD", "MAINTAINER", "from",
     "Run", "RNU", "ONBUILD ONBUILD", "ONBUILD COPY", "HEALTHCHECK CMD", "", "\ufeffFROM"]
)  # fmt: skip
_PAIRS = st.builds(lambda name, value: f"{name}={value}", NAMES, WORDS)
_ARGUMENTS = st.lists(st.one_of(WORDS, _PAIRS), max_size=4).map(" ".join)
_HEREDOC = st.builds(
    lambda mark, name, body, end: f" {mark}{name}\n{body}\n{end}",
    st.sampled_from(["<<", "<<-", "3<<", "<<\\"]),
    st.sampled_from(["E", "'E'", '"E"', "E'", "a.txt", "$a", "/x"]),
    st.one_of(WORDS, st.just("#!/bin/x\n$a")),
    st.sampled_from(["E", "\tE", "a.txt", "", "e"]),
)
INSTRUCTIONS = st.builds(
    lambda keyword, flags, arguments, tail: " ".join([keyword, *flags, arguments]) + tail,
    KEYWORDS,
    st.lists(_FLAGS, max_size=2),
    _ARGUMENTS,
    st.one_of(st.just(""), st.just(""), st.just(" \\"), st.just(" `\n"), _HEREDOC),
)
_GOOD = st.sampled_from(
    ["FROM scratch", "FROM scratch AS stage", "FROM stage", "ARG v=1", "ENV a=1 B_1='2 3'",
     "COPY a /x", "COPY --from=stage / /", "WORKDIR /w", "USER a", "EXPOSE 80", "VOLUME /v",
     "LABEL a=b", "CMD a", 'ENTRYPOINT ["/e"]', "HEALTHCHECK NONE", 'SHELL ["/s"]',
     "ONBUILD USER b", "STOPSIGNAL 9", "ADD <<E /\n$a\nE", "MAINTAINER m"]
)  # fmt: skip
_DIRECTIVES = st.sampled_from(
    ["", "", "# escape=`\n", "#escape = \\\n", "# escape=x\n", "# escape=`\n# escape=`\n",
     "# syntax=docker/dockerfile:1\n", "# syntax=evil/frontend\n", "# check=skip=all;error=true\n",
     "\ufeff", "# nothing=1\n#\n"]
)  # fmt: skip
#: The text of whole files; most of them are wrong somewhere.
DOCKERFILES = st.builds(
    lambda directives, start, lines, newline: directives + newline.join([*start, *lines]),
    _DIRECTIVES,
    st.sampled_from([["FROM scratch"], ["FROM scratch"], ["ARG v=2", "FROM scratch AS stage"], []]),
    st.lists(st.one_of(INSTRUCTIONS, _GOOD), max_size=6),
    st.sampled_from(["\n", "\n", "\r\n", "\n\n", " \\\n"]),
)
