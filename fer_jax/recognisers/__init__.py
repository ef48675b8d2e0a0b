"""Recognisers that ship: what stands in each folder, and the command that made it.

`ferplus` is an export (docs/use.md) of heads without their frozen network, which an
installed package brings; its README.md is its card.
"""
