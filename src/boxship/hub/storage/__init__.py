"""Where a hub keeps things: bytes in a blob store, everything else in a metadata store.

Both are protocols with one suite of contract tests each; no state that another hub process over the
same stores would need lives outside of them.
"""
