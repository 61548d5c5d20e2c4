"""Texts as Go's formatting verb ``%q`` prints them: what Docker shows of strings and characters."""

_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
}
_LAST = 0x10FFFF
_UNKNOWN = "\ufffd"


def quote(text: str) -> str:
    """*text* in double quotes."""
    text = text.replace("\\", "\\\\") if text.isprintable() else "".join(map(_visible, text))
    return '"' + text.replace('"', '\\"') + '"'


def quote_list(words: list[str]) -> str:
    """``["a" "b"]``."""
    return "[" + " ".join(map(quote, words)) + "]"


def quote_character(code: int) -> str:
    """The character of a *code* point, which may be none, in single quotes."""
    is_one = code <= _LAST and not 0xD800 <= code < 0xE000
    shown = _visible(chr(code) if is_one else _UNKNOWN)
    return "'" + ("\\'" if shown == "'" else shown) + "'"


def _visible(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code < 0xDD00:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
