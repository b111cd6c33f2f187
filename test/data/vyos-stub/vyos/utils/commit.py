"""Stand-in for vyos.utils.commit: a commit is under way that leaves $VYOS_STUB_GOES_ON, where that is set."""
import os


def commit_in_progress():
    left = os.environ.pop('VYOS_STUB_GOES_ON', None)
    if left is None:
        return False
    os.environ['VYOS_STUB_CONFIG'] = left
    return True
