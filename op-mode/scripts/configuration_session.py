#!/usr/bin/env python3
"""Reads `service clawgress` in the running configuration of VyOS, or changes it in a session of its own.

Standard input: JSON. `{"action": "read"}` is answered with the node as JSON, `{"action": "settle", "patience": seconds}`
too, but when no commit is under way; `{"action": "change", "remove": [path, ...],
"set": [path, ...], "remarks": [{"path": path, "text": text}, ...], "comment": text, "save": bool, "expected": node,
"patience": seconds}` with what VyOS says, and a status of `STATUS`. Paths are lists of words below the node, the value of a
leaf last. Where there is nothing to change, nothing is committed. Patience is for a commit that goes on without its session,
and counts from the start.
"""
import grp
import json
import os
import re
import signal
import sys
import time

from vyos.config import Config
from vyos.configsession import ConfigSession, ConfigSessionError
from vyos.defaults import cfg_group
from vyos.utils.commit import commit_in_progress

BASE = ['service', 'clawgress']
SAVED = '/config/config.boot'
# As VyOS prints a difference; no value of a node holds a quote or the end of a line.
OURS = re.compile(r"(set|delete|comment) 'service' 'clawgress'( .*)?")
NAMED = 5
# What VyOS says where its lock refused a commit, which then never began.
LOCKED = 'another commit in progress'
# Nothing was changed but by `done`, `unsaved` (not written to config.boot), `torn` (neither the old nor the new), and
# perhaps by `underway` (it goes on still).
STATUS = {'done': 0, 'refused': 1, 'unsaved': 3, 'outdated': 4, 'unfit': 5, 'torn': 6, 'underway': 7}


def read(environment, effective=True):
    config = Config(environment)
    exists = config.exists_effective if effective else config.exists
    if not exists(BASE):
        return None
    return config.get_config_dict(BASE, effective=effective, get_first_key=True, no_tag_node_value_mangle=True)


def change(request, deadline):
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
    result = commit(session, request, outside, deadline)
    if result != 'done' or not request['save']:
        return result
    try:
        print(session.save_config(SAVED) or '', end='')
    except (ConfigSessionError, OSError, ValueError) as error:
        print(str(error).strip())
        return 'unsaved'
    return 'done'


def commit(session, request, outside, deadline):
    before = read(outside)
    try:
        # It may see less than what is in force (where it has no /dev/fuse, say), and commit that the rest goes.
        unlike = differences(session)
        if unlike:
            print(f'it differs from what is in force before anything was changed ({named(unlike)})')
            return discard(session, 'unfit')
        fill(session, request)
        foreign = [line for line in differences(session) if not OURS.fullmatch(line)]
        if foreign:
            print(f'it would change more than service clawgress ({named(foreign)})')
            return discard(session, 'unfit')
    except ConfigSessionError as error:
        print(str(error).strip())
        return discard(session, 'refused')
    # As late as can be: from here on VyOS's own lock refuses who comes second.
    if 'expected' in request and json.loads(json.dumps(read(outside))) != request['expected']:
        return discard(session, 'outdated')
    if not any(request.get(part) for part in ('remove', 'set', 'remarks')):
        return 'done'
    try:
        print(session.commit() or '', end='')
        return 'done'
    # Also what the module itself trips over when VyOS is done: an answer that is no text, say.
    except (ConfigSessionError, OSError, ValueError) as error:
        print(str(error).strip())
        if LOCKED in str(error):
            return discard(session, 'refused')
    wanted = read(session.get_session_env(), effective=False)
    discard(session, 'refused')
    if not settle(deadline):
        return 'underway'
    now = read(outside)
    if now == before:
        return 'refused'
    return 'done' if now == wanted else 'torn'


def settle(deadline):
    """Waits for the commit that is under way, and returns whether it has ended."""
    while commit_in_progress():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.2)
    return True


def linger():
    """Keeps open what was inherited, such as the mark of a restore, until the commit has ended; for nobody to wait for."""
    sys.stdout.flush()
    if os.fork() != 0:
        return
    # Whatever it meets: the parent alone ends the session.
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        while commit_in_progress():
            time.sleep(1)
    finally:
        os._exit(0)


def fill(session, request):
    for path in request['remove']:
        session.delete(BASE + path)
    for path in request['set']:
        session.set(BASE + path)
    for remark in request.get('remarks', []):
        session.comment(BASE + remark['path'], remark['text'])


def differences(session):
    """What a commit would change, as commands; refused by VyOS where there is no configuration at all."""
    return session.show_config(['--show-commands']).splitlines()


def named(lines):
    # No deeper, where values may be secrets.
    places = list(dict.fromkeys(' '.join(line.replace("'", '').split(' ')[:3]) for line in lines))
    return '; '.join(places[:NAMED] + (['…'] if len(places) > NAMED else []))


def discard(session, result):
    try:
        session.discard()
    except (ConfigSessionError, OSError, ValueError) as error:
        # It ends with this process anyway.
        print(str(error).strip())
    return result


if __name__ == '__main__':
    asked = json.load(sys.stdin)
    until = time.monotonic() + asked.get('patience', 0)
    result = 'done'
    if asked['action'] == 'change':
        result = change(asked, until)
    elif asked['action'] == 'settle' and not settle(until):
        result = 'underway'
    else:
        json.dump(read(None), sys.stdout)
    if result == 'underway':
        linger()
    sys.exit(STATUS[result])
