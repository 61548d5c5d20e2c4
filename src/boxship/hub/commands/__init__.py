"""``boxship hub``: serving, and looking after accounts and repositories in the store itself.

None of the commands needs a running hub, and all may be used beside one.
"""
