#!/usr/bin/env python3
"""Takes the arguments of VyOS's tool of 2026; the cache holds the names of the nodes."""
import argparse
import glob
import json
from os.path import dirname, join
from xml.etree import ElementTree

parser = argparse.ArgumentParser()
parser.add_argument('--xml-dir', required=True)
parser.add_argument('--package-name', default='vyos-1x')
parser.add_argument('--internal-cache', required=True)
parser.add_argument('--output-path', default=join(dirname(__file__), 'pkg_cache'))
args = parser.parse_args()

names = set()
for path in glob.glob(join(args.xml_dir, '*.xml')):
    for element in ElementTree.parse(path).iter():
        if element.tag in ('node', 'tagNode', 'leafNode'):
            names.add(element.get('name'))
name = args.package_name.replace('-', '_') + '_cache.py'
with open(join(args.output_path, name), 'w') as file:
    file.write(f'reference = {dict.fromkeys(sorted(names), {})}')
with open(args.internal_cache, 'w') as file:
    json.dump(sorted(names), file)
