#!/usr/bin/env python3
"""Collects the caches of all packages, as VyOS's tool does."""
import os
import runpy
from os.path import dirname, join

here = dirname(os.path.abspath(__file__))
merged = {}
for name in sorted(os.listdir(join(here, 'pkg_cache'))):
    if name.endswith('_cache.py'):
        merged |= runpy.run_path(join(here, 'pkg_cache', name))['reference']
with open(join(here, 'cache.py'), 'w') as file:
    file.write(f'reference = {merged}')
