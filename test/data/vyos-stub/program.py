#!/usr/bin/env python3
"""Stands in for the clawgress program: notes what it was given in $STUB_CALLS, then does what $STUB_DO says."""
import json
import os
import subprocess
import sys
import time

do = os.environ.get('STUB_DO', '')
given = None if do == 'deaf' else json.load(sys.stdin)
with open(os.environ['STUB_CALLS'], 'a') as calls:
    calls.write(json.dumps({'pid': os.getpid(), 'args': sys.argv[1:], 'given': given}) + '\n')
if do == 'leave':
    subprocess.Popen(['sleep', '30'], start_new_session=True)
if do == 'hang':
    child = subprocess.Popen(['sleep', '30'])
    print('waiting', child.pid, flush=True)
    time.sleep(30)
if do == 'slow':
    time.sleep(1)
if do == 'signal':
    os.kill(os.getpid(), 9)
if do == 'long':
    print('x' * 200000)
if do == 'endless':
    try:
        while True:
            os.write(1, b'x' * 4096)
    except OSError:
        sys.exit(1)
if do == 'garbage':
    os.write(1, b'\xff\xfe\x80caf\xc3\xa9\x00\n')
    sys.exit(1)
if do in ('refuse', 'long'):
    print('service clawgress: first problem (config.value)')
    print('service clawgress: second problem (config.missing)', file=sys.stderr)
    sys.exit(1)
if do != 'silent':
    print('generation 12 is live')
