#!/usr/bin/env python3
"""Reads `service clawgress` in the running configuration of VyOS, or changes it in a session of its own.

Standard input: JSON. `{"action": "read"}` is answered with the node as JSON; `{"action": "change", "remove": [path, ...],
"set": [path, ...], "remarks": [{"path": path, "text": text}, ...], "comment": text, "save": bool, "expected": node}` with
what VyOS says, status 1 where nothing was changed, 3 where it was, and could not be saved, 4 where the node is no longer
what is expected of it (where that is said). Paths are lists of words below the node, the value of a leaf last.
"""
import grp
import json
import os
import signal
import sys

from vyos.config import Config
from vyos.configsession import ConfigSession, ConfigSessionError
from vyos.defaults import cfg_group

BASE = ['service', 'clawgress']
SAVED = '/config/config.boot'


def read(environment=None):
    config = Config(environment)
    if not config.exists_effective(BASE):
        return None
    return config.get_config_dict(BASE, effective=True, get_first_key=True, no_tag_node_value_mangle=True)


def change(request):
    # The session and the programs that it starts end by themselves, and by nothing that closes a terminal.
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    # Otherwise the nodes belong to root alone, and no operator can change them any more.
    os.setgid(grp.getgrnam(cfg_group).gr_gid)
    os.umask(0o002)
    os.environ['COMMIT_COMMENT'] = request['comment']
    # A session puts itself into the environment; what is read there may be older than what is in force.
    outside = dict(os.environ)
    session = ConfigSession(os.getpid(), app='clawgress')
    try:
        for path in request['remove']:
            session.delete(BASE + path)
        for path in request['set']:
            session.set(BASE + path)
        for remark in request.get('remarks', []):
            session.comment(BASE + remark['path'], remark['text'])
        # As late as can be: from here on VyOS's own lock refuses who comes second.
        if 'expected' in request and json.loads(json.dumps(read(outside))) != request['expected']:
            session.discard()
            return 4
        print(session.commit() or '', end='')
    except ConfigSessionError as error:
        session.discard()
        print(str(error).strip())
        return 1
    try:
        if request['save']:
            print(session.save_config(SAVED) or '', end='')
    except ConfigSessionError as error:
        print(str(error).strip())
        return 3
    return 0


if __name__ == '__main__':
    asked = json.load(sys.stdin)
    if asked['action'] == 'read':
        json.dump(read(), sys.stdout)
    else:
        sys.exit(change(asked))
