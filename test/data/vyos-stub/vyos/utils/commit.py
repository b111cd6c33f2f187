"""Stand-in for vyos.utils.commit: a commit is under way that leaves $VYOS_STUB_GOES_ON, where that is set, and one as long
as the file $VYOS_STUB_UNDER_WAY exists."""
import os


def commit_in_progress():
    if os.path.exists(os.environ.get('VYOS_STUB_UNDER_WAY', '')):
        return True
    left = os.environ.pop('VYOS_STUB_GOES_ON', None)
    if left is None:
        return False
    os.environ['VYOS_STUB_CONFIG'] = left
    return True
