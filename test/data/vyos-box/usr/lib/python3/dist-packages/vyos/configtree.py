"""Stands in for libvyosconfig: a reference tree is a JSON list of node names here."""
import json
import os


def merge_reference_tree_cache(cache_dir, primary_name, result_name):
    others = sorted(set(os.listdir(cache_dir)) - {primary_name, result_name})
    names = []
    for name in [primary_name, *others]:
        with open(os.path.join(cache_dir, name)) as file:
            added = json.load(file)
        if set(added) & set(names):
            raise ValueError('Incompatible_union')
        names += added
    with open(os.path.join(cache_dir, result_name), 'w') as file:
        json.dump(names, file)
