reference = {'interfaces': {}}
