#!/bin/bash
# Usage: need-root.sh COMMAND. Fails with a sentence unless run by root.
[ "$(id -u)" = 0 ] && exit 0
echo "$1 needs root: it builds network namespaces and loads nftables rules. Run it with sudo." >&2
exit 1
