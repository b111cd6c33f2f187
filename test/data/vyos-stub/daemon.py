"""
Stands in for vyos-configd: imports the owner given as first argument as its module, runs the four steps in this process
as often as the second says, and prints every answer as JSON, with what a long-lived process must not gather.
"""
import importlib.util
import io
import json
import os
import signal
import sys
import threading
import traceback
from contextlib import redirect_stdout

from vyos import ConfigError
from vyos.config import Config


def gathered(owner):
    return {
        'descriptors': sorted(os.listdir('/proc/self/fd')),
        'children': open(f'/proc/self/task/{os.getpid()}/children').read(),
        'threads': threading.active_count(),
        'handlers': [str(signal.getsignal(number)) for number in signal.valid_signals()],
        'state': sorted((name, repr(value)) for name, value in vars(owner).items() if name.isupper()),
        'names': sorted(vars(owner)),
        'folder': os.getcwd(),
        'environment': sorted(os.environ),
    }


def run_script(owner, steps):
    try:
        c = owner.get_config(Config())
        for step in steps:
            getattr(owner, step)(c)
    except ConfigError as error:
        return 'refused', str(error)
    except Exception:
        return 'crashed', traceback.format_exc()
    return 'done', ''


spec = importlib.util.spec_from_file_location('service_clawgress', sys.argv[1])
owner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(owner)
order = json.loads(sys.argv[2])
owner.PROGRAM = order['program']
owner.TIME_LIMIT = order['limit']
before = gathered(owner)
answers = []
for do in order['runs']:
    os.environ['STUB_DO'] = do
    with redirect_stdout(io.StringIO()) as said:
        result, refusal = run_script(owner, order['steps'])
    answers.append({'result': result, 'output': said.getvalue() + refusal})
print(json.dumps({'answers': answers, 'before': before, 'after': gathered(owner)}))
