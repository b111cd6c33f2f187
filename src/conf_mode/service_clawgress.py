#!/usr/bin/env python3
"""Owner of `service clawgress`: hands the configuration to the clawgress program and reports its answer to VyOS."""
import json
import os
import signal
import subprocess
import sys
import tempfile

from vyos.config import Config
from vyos import ConfigError

PROGRAM = ['/usr/bin/clawgress', 'conf-mode', 'service_clawgress']
BASE = ['service', 'clawgress']
TIME_LIMIT = 600  # seconds
MAX_OUTPUT = 60000  # bytes; vyos-configd and vyos-commitd cut messages at 65535


def get_config(config=None):
    config = config or Config()

    def section(path, effective):
        if not (config.exists_effective(path) if effective else config.exists(path)):
            return None
        return config.get_config_dict(path, effective=effective, get_first_key=True, no_tag_node_value_mangle=True,
                                      with_recursive_defaults=path == BASE)

    return {'proposed': section(BASE, False), 'effective': section(BASE, True), 'pki': section(['pki'], False)}


def call(config, dry_run):
    # The output goes through a file: services that the program leaves behind may keep it open for ever.
    with tempfile.TemporaryFile() as output:
        try:
            child = subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True)
            child.communicate(json.dumps({**config, 'dry_run': dry_run}).encode(), timeout=TIME_LIMIT)
            status, remark = child.returncode, '' if child.returncode >= 0 else 'clawgress was ended by a signal.'
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            status, remark = 1, f'clawgress did not finish within {TIME_LIMIT} s and was stopped.'
        except OSError as error:
            status, remark = 1, f'clawgress cannot be run: {error}.'
        output.seek(0)
        text = '\n'.join(filter(None, [output.read(MAX_OUTPUT).decode(errors='replace').rstrip(), remark]))
    if status != 0:
        error = ConfigError('')
        error.args = (text or 'clawgress refused the configuration without saying why.',)  # ConfigError joins lines
        raise error
    if text:
        print(text)


def verify(config):
    call(config, dry_run=True)


def generate(config):
    return None


def apply(config):
    call(config, dry_run=False)


if __name__ == '__main__':
    try:
        c = get_config()
        verify(c)
        generate(c)
        apply(c)
    except ConfigError as e:
        print(e)
        sys.exit(1)
