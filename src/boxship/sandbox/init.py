# 5. A process sets the container up and ends

Replaced by [6](0006-init-makes-what-the-shim-owns.md).

## Context

The design has one chain: spawner, shim, init. The shim made the control group, entered the new pid
namespace and forked init. It also has to stay small, since every container keeps one, and Python
makes that hard: whatever code a forked process runs, it writes reference counts into the pages that
hold the code, and so makes the pages its own. Parsing the plan and making the control group cost a
shim more memory than all that it does afterwards.

## Decision

The shim forks a *setup* process (`sandbox/setup.py`). It reads the plan from a memfd, makes the
control group, enters the pid namespace, forks init, waits until init runs the program or reports
what failed, tells the shim, and ends. The shim is a child subreaper, so init becomes its child.

Two more rules follow from the same cause:

- Imports are cut off once, in the spawner, before its first fork. Doing it in each child dirtied a
  megabyte of pages by freeing the caches of the import system.
- The spawner passes the plan on unread; objects that it would free after the fork count against the
  child, whose copy of their pages is then the only one.

The shim itself no longer is in a state to bear children in the container's pid namespace, so an exec
session is forked twice: the first process enters the namespace, the second is born in it.

## Consequences

- One more fork on the way of a start and of an exec, under a millisecond each.
- A setup process is killed with its shim (PR_SET_PDEATHSIG); init is found by its control group.
