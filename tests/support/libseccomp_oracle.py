"""Debian's libseccomp as the judge: run with /usr/bin/python3 (package python3-seccomp).

Standard input: JSON list of OCI linux.seccomp objects; output: JSON list of programs in hex.
With the argument ``numbers``: standard input is {arch: [names]}, output {arch: {name: number}}.
Rules are added in the way of runc: those equal to the default are left out, two conditions on one
argument become two rules.
"""

import json
import sys
import tempfile

import seccomp

OPS = {
    "SCMP_CMP_NE": seccomp.NE,
    "SCMP_CMP_LT": seccomp.LT,
    "SCMP_CMP_LE": seccomp.LE,
    "SCMP_CMP_EQ": seccomp.EQ,
    "SCMP_CMP_GE": seccomp.GE,
    "SCMP_CMP_GT": seccomp.GT,
    "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ,
}


def action(name, data):
    kind = name.removeprefix("SCMP_ACT_")
    if kind in ("ERRNO", "TRACE"):
        return getattr(seccomp, kind)(1 if data is None else data)
    return getattr(seccomp, kind)


def argument(arg):
    values = (arg["value"], arg["valueTwo"]) if "MASKED" in arg["op"] else (arg["value"],)
    return seccomp.Arg(arg["index"], OPS[arg["op"]], *values)


def build(spec):
    default = action(spec["defaultAction"], spec.get("defaultErrnoRet"))
    program = seccomp.SyscallFilter(default)
    for arch in spec.get("architectures", []):
        known = getattr(seccomp.Arch, arch.removeprefix("SCMP_ARCH_"))
        if not program.exist_arch(known):
            program.add_arch(known)
    for rule in spec["syscalls"]:
        wanted = action(rule["action"], rule.get("errnoRet"))
        if wanted == default:
            continue
        args = rule.get("args", [])
        indexes = [arg["index"] for arg in args]
        alternatives = [args] if len(set(indexes)) == len(indexes) else [[a] for a in args]
        for name in rule["names"]:
            for alternative in alternatives:
                program.add_rule(wanted, name, *map(argument, alternative))
    with tempfile.TemporaryFile() as file:
        program.export_bpf(file)
        file.seek(0)
        return file.read().hex()


def numbers(wanted):
    return {
        arch: {
            name: seccomp.resolve_syscall(
                getattr(seccomp.Arch, arch.removeprefix("SCMP_ARCH_")), name
            )
            for name in names
        }
        for arch, names in wanted.items()
    }


if __name__ == "__main__":
    given = json.load(sys.stdin)
    answer = numbers(given) if sys.argv[1:] == ["numbers"] else [build(spec) for spec in given]
    json.dump(answer, sys.stdout)
