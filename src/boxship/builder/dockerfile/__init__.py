"""The language of Dockerfiles: lines, words, variables, and ignore files. Pure."""
