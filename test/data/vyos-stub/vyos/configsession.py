"""Stand-in for vyos.configsession: notes every call in $VYOS_STUB_CALLS, and refuses as VyOS does. After the
first `set` $VYOS_STUB_MEANWHILE, where it is set, is the configuration that somebody else committed.
$VYOS_STUB_UNLIKE is how the session differs from what is in force from the beginning, $VYOS_STUB_FOREIGN what is changed
besides; $VYOS_STUB_AFTER is the configuration that a commit leaves which breaks off ($VYOS_STUB_COMMIT)."""
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
        self._changes = []
        self._note('open', app)

    def get_session_env(self):
        return os.environ

    def show_config(self, path, format='raw'):
        assert path == ['--show-commands']
        foreign = [os.environ['VYOS_STUB_FOREIGN']] if self._changes and 'VYOS_STUB_FOREIGN' in os.environ else []
        lines = os.environ.get('VYOS_STUB_UNLIKE', '').splitlines() + self._changes + foreign
        return ''.join(line + '\n' for line in lines)

    def _change(self, *call):
        self._changes.append(' '.join([call[0], *(f"'{word}'" for word in call[1:])]))
        self._note(*call)

    def _note(self, *call):
        with open(os.environ['VYOS_STUB_CALLS'], 'a') as calls:
            calls.write(json.dumps(call) + '\n')

    def set(self, path, value=None):
        assert value is None
        self._change('set', *path)
        if 'VYOS_STUB_MEANWHILE' in os.environ:
            os.environ['VYOS_STUB_CONFIG'] = os.environ['VYOS_STUB_MEANWHILE']
        if 'refused' in path:
            raise ConfigSessionError('\n  Domain name must be one\n  Value validation failed\n  Set failed\n\n')

    def delete(self, path, value=None):
        assert value is None
        self._change('delete', *path)

    def comment(self, path, value=None):
        self._change('comment', *path, value)

    def commit(self):
        self._note('commit', os.environ['COMMIT_COMMENT'])
        while 'VYOS_STUB_GATE' in os.environ and not os.path.exists(os.environ['VYOS_STUB_GATE']):
            time.sleep(0.01)
        if os.environ.get('VYOS_STUB_COMMIT') == 'refused':
            raise ConfigSessionError('[[service clawgress]] failed\nCommit failed\n')
        if os.environ.get('VYOS_STUB_COMMIT') == 'locked':
            raise ConfigSessionError('Configuration system temporarily locked due to another commit in progress\n')
        if 'VYOS_STUB_AFTER' in os.environ:
            os.environ['VYOS_STUB_CONFIG'] = os.environ['VYOS_STUB_AFTER']
        if os.environ.get('VYOS_STUB_COMMIT') == 'broken':
            raise ConfigSessionError('Broken pipe\n')
        if os.environ.get('VYOS_STUB_COMMIT') == 'killed':
            os.kill(os.getpid(), 9)
        return '[ service clawgress ]\nlive\n\n'

    def discard(self):
        self._note('discard')

    def save_config(self, file_path):
        self._note('save', file_path)
        if os.environ.get('VYOS_STUB_SAVE') == 'refused':
            raise ConfigSessionError('No space left on device\n')
        return ''
