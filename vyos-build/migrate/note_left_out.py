#!/usr/bin/env python3
"""Notes what this version leaves out of a configuration that a newer one wrote.

VyOS drops nodes that have no template when it loads a file, without a word, and gives the file our version. A rule that
restricts could be gone that way, so what is dropped is noted in a node that the handler refuses until it is deleted.

The package installs this file as 1000-to-N, N being the present version: VyOS runs the scripts whose first number is
not below the version of the file, in their order, so that this one is always the last.
"""

import os
import re

BASE = ['service', 'clawgress']
TEMPLATES = '/opt/vyatta/share/vyatta-cfg/templates/service/clawgress'
NODE = 'left-out'
MAX_NOTED = 100


def left_out(config, path, template):
    """Paths of nodes below path that have no template, the uppermost of each."""
    for name in config.list_nodes(path):
        below = os.path.join(template, name)
        if '/' in name or not os.path.isdir(below):
            yield path + [name]
        elif os.path.isdir(os.path.join(below, 'node.tag')):
            for tag in config.list_nodes(path + [name]):
                yield from left_out(config, path + [name, tag], os.path.join(below, 'node.tag'))
        else:
            yield from left_out(config, path + [name], below)


def migrate(config, templates=TEMPLATES):
    """Called by VyOS with its ConfigTree."""
    if not config.exists(BASE) or not os.path.isdir(templates):
        return
    noted = set(config.return_values(BASE + [NODE])) if config.exists(BASE + [NODE]) else set()
    for path in left_out(config, BASE, templates):
        text = re.sub(r'^[^A-Za-z0-9_*]|[^A-Za-z0-9._:*/-]', '_', '/'.join(path[len(BASE) :]))[:200]
        if text not in noted and len(noted) < MAX_NOTED:
            noted.add(text)
            config.set(BASE + [NODE], value=text, replace=False)
