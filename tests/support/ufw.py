"""The chains that ufw makes of its defaults: what comes in or is forwarded is dropped.

Written after its manual and its before.rules: user rules are in ufw-user-input and
ufw-user-forward, where ``ufw allow`` and ``ufw route allow`` put them.
"""

_HOOKS = ("input", "forward", "output")
_PARTS = ("before-logging", "before", "after", "after-logging", "reject", "track")


def _rules(prefix: str, icmp: str) -> str:
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines += [f":{prefix}-{part}-{hook} - [0:0]" for hook in _HOOKS for part in _PARTS]
    lines += [f":{prefix}-user-{hook} - [0:0]" for hook in _HOOKS]
    lines += [f":{prefix}-skip-to-policy-{hook} - [0:0]" for hook in _HOOKS]
    for hook in _HOOKS:
        lines += [f"-A {hook.upper()} -j {prefix}-{part}-{hook}" for part in _PARTS]
        target = "ACCEPT" if hook == "output" else "DROP"
        lines.append(f"-A {prefix}-skip-to-policy-{hook} -j {target}")
        known = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
        lines.append(f"-A {prefix}-before-{hook} {known}")
        if hook != "output":
            lines.append(f"-A {prefix}-before-{hook} -p {icmp} -j ACCEPT")
        lines.append(f"-A {prefix}-before-{hook} -j {prefix}-user-{hook}")
    lines += [f"-I {prefix}-before-input 1 -i lo -j ACCEPT"]
    lines += [f"-A {prefix}-user-input -p tcp -m tcp --dport 22 -j ACCEPT", "COMMIT"]
    return "\n".join(lines) + "\n"


#: For ``iptables-restore -n`` and ``ip6tables-restore -n``, which leave other chains alone.
RULES = _rules("ufw", "icmp")
RULES6 = _rules("ufw6", "ipv6-icmp")
