"""Stand-in for vyos.configsession: notes every call in $VYOS_STUB_CALLS, and refuses as VyOS does. After the
first `set` $VYOS_STUB_MEANWHILE, where it is set, is the configuration that somebody else committed."""
import grp
import json
import os
import time


class ConfigSessionError(Exception):
    pass


class ConfigSession:
    def __init__(self, session_id, app='vyos-http-api'):
        assert session_id == os.getpid()
        assert os.getgid() == grp.getgrnam('daemon').gr_gid and os.umask(0o002) == 0o002
        # VyOS's module puts its session into the environment of the process, too
        os.environ['COMMIT_VIA'] = app
        self._note('open', app)

    def _note(self, *call):
        with open(os.environ['VYOS_STUB_CALLS'], 'a') as calls:
            calls.write(json.dumps(call) + '\n')

    def set(self, path, value=None):
        assert value is None
        self._note('set', *path)
        if 'VYOS_STUB_MEANWHILE' in os.environ:
            os.environ['VYOS_STUB_CONFIG'] = os.environ['VYOS_STUB_MEANWHILE']
        if 'refused' in path:
            raise ConfigSessionError('\n  Domain name must be one\n  Value validation failed\n  Set failed\n\n')

    def delete(self, path, value=None):
        assert value is None
        self._note('delete', *path)

    def comment(self, path, value=None):
        self._note('comment', *path, value)

    def commit(self):
        self._note('commit', os.environ['COMMIT_COMMENT'])
        while 'VYOS_STUB_GATE' in os.environ and not os.path.exists(os.environ['VYOS_STUB_GATE']):
            time.sleep(0.01)
        if os.environ.get('VYOS_STUB_COMMIT') == 'refused':
            raise ConfigSessionError('[[service clawgress]] failed\nCommit failed\n')
        return '[ service clawgress ]\nlive\n\n'

    def discard(self):
        self._note('discard')

    def save_config(self, file_path):
        self._note('save', file_path)
        if os.environ.get('VYOS_STUB_SAVE') == 'refused':
            raise ConfigSessionError('No space left on device\n')
        return ''
