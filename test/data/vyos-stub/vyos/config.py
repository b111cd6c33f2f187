"""Stand-in for vyos.config: configurations come from $VYOS_STUB_CONFIG, {"proposed": {...}, "effective": {...}}."""
import json
import os


class ConfigDict(dict):
    """A dict subclass, as in VyOS."""


class Config:
    def __init__(self, session_env=None, config_source=None):
        self._is_in_session = 'COMMIT_VIA' in (session_env or os.environ)
        self._trees = json.loads(os.environ['VYOS_STUB_CONFIG'])

    def _find(self, path, effective):
        # What is read within a session may be older than what is in force.
        assert not (effective and self._is_in_session)
        # VyOS holds None for a configuration without any node, as the running one is during boot
        node = self._trees['effective' if effective else 'proposed']
        for name in path:
            node = node.get(name) if isinstance(node, dict) else None
        return node

    def exists(self, path):
        return self._find(path, False) is not None

    def exists_effective(self, path):
        return self._find(path, True) is not None

    def get_config_dict(self, path=[], effective=False, key_mangling=None, get_first_key=False,
                        no_multi_convert=False, no_tag_node_value_mangle=False, with_defaults=False,
                        with_recursive_defaults=False, with_pki=False):
        assert get_first_key and no_tag_node_value_mangle and key_mangling is None
        found = self._find(path, effective) or {}
        if not isinstance(found, dict):
            raise TypeError('Data under node is not of type dict')
        result = ConfigDict(found)
        if with_recursive_defaults:
            # VyOS gives the defaults also for a path that does not exist
            result.setdefault('dns', {}).setdefault('max-ttl', '3600')
        return result
