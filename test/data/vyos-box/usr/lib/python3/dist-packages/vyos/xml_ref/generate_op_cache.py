#!/usr/bin/env python3
"""Takes the arguments of VyOS's tool of 2026, and writes beside itself as it does."""
import argparse
import glob
import json
import os
import sys
from os.path import abspath, dirname, join
from xml.etree import ElementTree

from op_definition import DATA

here = dirname(abspath(__file__))
sys.path.append(join(here, '..'))
from defaults import directories  # noqa: E402,F401

parser = argparse.ArgumentParser()
parser.add_argument('--xml-dir', required=True)
parser.add_argument('--export-json')
args = parser.parse_args()


def nodes(element):
    tree = {}
    for child in element.findall('./children/*'):
        tree[child.get('name')] = describe(child)
    return tree


def describe(element):
    below = nodes(element)
    pairs = [(child.get('name'), child.tag) for child in element.findall('./children/*')]
    return {DATA: {'name': element.get('name'), 'node_type': element.tag, 'children': pairs}, **below}


tree = {}
for path in sorted(glob.glob(join(args.xml_dir, '*.xml'))):
    for element in ElementTree.parse(path).getroot():
        tree[element.get('name')] = describe(element)
with open(join(here, 'op_cache.py'), 'w') as file:
    file.write(f'op_reference = {tree}')
if args.export_json:
    with open(args.export_json, 'w') as file:
        json.dump(tree, file)
