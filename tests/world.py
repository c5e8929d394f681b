"""A small edition that tests share: short enough to be read aloud in no time, with one of everything in it."""

from __future__ import annotations

SMALL_EDITION = """---
date: 2022-05-06
title: Terms of Departure
standfirst: Mali tears up its treaties, and a comet leaves crumbs.
---

# Need to Know

## Of Their Own Accord

- places: ML, FR
- slug: of-their-own-accord
- author: Ines Calloway

Mali is ending its military accords with France, [The Sahel Courier](https://sahel.example/accords) reported. \
French officials, however, countered that it was “unjustified”, [La Gazette](https://gazette.example/paris) noted.

It was not always so: [La Gazette](https://gazette.example/paris) recalled that France *entered* in 2013.

The last paragraph is **only** for readers, [The Sahel Courier](https://sahel.example/accords) was told: \
“A flag does not guard the road at night.” Nobody laughed & nobody <left>. The desk checked the words it had been \
given, twice, with the care that a paper owes its readers, and then, since the night was nearly over and the presses \
were warm, it let the sentence stand as it was, which is how this paragraph came to be rather longer than the others.

# The World, Briefly

## A Slippery Consensus

- places: HU
- slug: a-slippery-consensus

Brussels wants the oil gone, [The Rhine Record](https://rhine.example/oil) reported; Budapest, however, wants time.

> “Not in this form,” said an official.

# Discoveries

## Crumbs from Halley’s Table

- slug: crumbs

Look north-east before dawn, [Southern Sky](https://sky.example/crumbs) advised.

- Take a coat.
- Take your time.
"""
