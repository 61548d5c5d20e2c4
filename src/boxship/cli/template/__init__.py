"""The part of Go's text/template that ``--format`` needs (pkg.go.dev/text/template).

Imported only when a command was given a format.
"""
