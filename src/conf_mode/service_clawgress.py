#!/usr/bin/env python3
"""Owner of `service clawgress`: hands the configuration to the clawgress program and reports its answer to VyOS."""
import fcntl
import json
import os
import signal
import subprocess
import sys

from vyos.config import Config
from vyos import ConfigError

PROGRAM = ['/usr/bin/clawgress', 'conf-mode', 'service_clawgress']
BASE = ['service', 'clawgress']
TIME_LIMIT = 600  # seconds
MAX_OUTPUT = 60000  # bytes; vyos-configd and vyos-commitd cut messages at 65535


class Refusal(ConfigError):
    def __init__(self, text):
        Exception.__init__(self, text)  # ConfigError's own joins lines


def get_config(config=None):
    def section(path, effective, defaults):
        if not (config.exists_effective(path) if effective else config.exists(path)):
            return None
        return config.get_config_dict(path, effective=effective, get_first_key=True, no_tag_node_value_mangle=True,
                                      with_recursive_defaults=defaults)

    try:
        config = config or Config()
        return {'proposed': section(BASE, False, True), 'effective': section(BASE, True, True),
                'pki': section(['pki'], False, False)}
    except Exception as error:
        raise Refusal(f'VyOS does not tell its configuration: {error}.') from error


def run(text):
    # In memory and sealed, so bounded; and a file, which a service that is left behind may keep open for ever.
    with open(os.memfd_create('output', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), 'r+b', 0) as output:
        output.truncate(16 * MAX_OUTPUT)
        fcntl.fcntl(output, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        child = subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True)
        try:
            child.communicate(text.encode(), TIME_LIMIT)
            remark = 'clawgress was ended by a signal.' if child.returncode < 0 else ''
        except subprocess.TimeoutExpired:
            remark = f'clawgress did not finish within {TIME_LIMIT} s and was stopped.'
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait(10)
        said = os.pread(output.fileno(), min(output.tell(), MAX_OUTPUT), 0).decode(errors='ignore').rstrip()
        return child.returncode, '\n'.join(filter(None, [said, remark]))


def call(config, dry_run):
    try:
        status, said = run(json.dumps({**config, 'dry_run': dry_run}))
    except Exception as error:
        raise Refusal(f'clawgress cannot be run: {error}.') from error
    if status != 0:
        raise Refusal(said or 'clawgress refused the configuration without saying why.')
    if said:
        print(said)


def verify(config):
    call(config, dry_run=True)


def generate(config):
    return None


def apply(config):
    call(config, dry_run=False)


if __name__ == '__main__':
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C must not cut a change in two
    sys.stdout.reconfigure(errors='backslashreplace')
    try:
        c = get_config()
        verify(c)
        generate(c)
        apply(c)
    except ConfigError as e:
        print(e)
        sys.exit(1)
