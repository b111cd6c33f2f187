"""Runs a migration as VyOS does: migrate(config) of the file named first, over the tree on standard input.

The tree is a stand-in for vyos.configtree.ConfigTree, as nested objects; a leaf is a list of values.
"""

import json
import sys
from importlib.machinery import SourceFileLoader


class ConfigTree:
    def __init__(self, root):
        self.root = root

    def _get(self, path):
        node = self.root
        for name in path:
            node = node.get(name) if isinstance(node, dict) else None
        return node

    def exists(self, path):
        return self._get(path) is not None

    def list_nodes(self, path):
        node = self._get(path)
        if node is None:
            raise ValueError(f"Path {path} doesn't exist")
        return list(node) if isinstance(node, dict) else []

    def return_values(self, path):
        return list(self._get(path))

    def set(self, path, value=None, replace=True):
        node = self.root
        for name in path[:-1]:
            node = node.setdefault(name, {})
        values = [] if replace else node.get(path[-1], [])
        node[path[-1]] = values + ([] if value is None else [value])


script, *templates = sys.argv[1:]
module = SourceFileLoader('migration', script).load_module()
tree = ConfigTree(json.load(sys.stdin))
module.migrate(tree, *templates)
json.dump(tree.root, sys.stdout)
