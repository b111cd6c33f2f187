#!/bin/bash
# Brings what this machine lacks: Debian packages, a Node that is new enough, npm packages, the system user.
# Quick when nothing is missing. With --bench, also the load generators of `make bench`; with --test, also what the tests
# of the package need.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly NODE_MINIMUM=20.19.0
NODE_VERSION=$(sed -nE 's/.*"version": "([^"]+)".*/\1/p' build/node-runtime.json)
readonly POLICY=/usr/sbin/policy-rc.d MARKER='clawgress setup'

# Program and the Debian package that has it.
readonly PROGRAMS=(
  named:bind9 rndc:bind9-utils named-checkconf:bind9-utils dnssec-signzone:bind9-utils dig:bind9-dnsutils
  delv:bind9-dnsutils nft:nftables ulogd:ulogd2 conntrack:conntrack curl:curl openssl:openssl ip:iproute2 tc:iproute2
  ps:procps sysctl:procps setpriv:util-linux logger:bsdutils promtool:prometheus python3:python3 ping:iputils-ping
)
readonly BENCH_PROGRAMS=(dnsperf:dnsperf iperf3:iperf3) TEST_PROGRAMS=(chromium:chromium amtool:prometheus-alertmanager mmdebstrap:mmdebstrap lintian:lintian systemd-analyze:systemd)

say() { echo "setup: $*" >&2; }
need_root() {
  [ "$(id -u)" = 0 ] && return
  say "$1 is missing, and only root can install it. Run 'sudo make setup'."
  exit 1
}
has() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null; }
installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing_packages() {
  local entry
  for entry in "$@"; do
    has "${entry%%:*}" || echo "${entry##*:}"
  done | sort -u
  installed ca-certificates || echo ca-certificates
  compgen -G '/usr/lib/*/ulogd/ulogd_output_JSON.so' >/dev/null || echo ulogd2-json
}

# Debian starts a service when its package is installed, and its named would take port 53. Packages that were here
# before keep their services as they are.
install_packages() {
  need_root "the package $1"
  local fresh=() unit policy_is_ours=
  installed bind9 || fresh+=(named)
  installed ulogd2 || fresh+=(ulogd2)
  installed prometheus || fresh+=(prometheus)
  installed prometheus-alertmanager || fresh+=(prometheus-alertmanager)
  if grep -qs "$MARKER" "$POLICY"; then rm -f "$POLICY"; fi
  if [ ! -e "$POLICY" ]; then
    policy_is_ours=yes
    printf '#!/bin/sh\n# %s: no service starts while packages are installed\nexit 101\n' "$MARKER" >"$POLICY"
    chmod 755 "$POLICY"
    trap 'rm -f "$POLICY"' EXIT INT TERM
  fi
  say "installing $*"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
  if [ -n "$policy_is_ours" ]; then
    rm -f "$POLICY"
    trap - EXIT INT TERM
  fi
  for unit in ${fresh[@]+"${fresh[@]}"}; do
    if [ -d /run/systemd/system ]; then systemctl --quiet disable --now "$unit" 2>/dev/null || true
    elif has update-rc.d; then update-rc.d "$unit" disable >/dev/null 2>&1 || true; fi
  done
}

new_enough() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  [ "$(printf '%s\n' "$NODE_MINIMUM" "${version#v}" | sort -V | head -n 1)" = "$NODE_MINIMUM" ]
}

# Node itself is an npm package too, so Debian's old npm is enough to fetch it.
install_node() {
  local arch
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) say "there is no packaged Node for $(uname -m). Install Node $NODE_MINIMUM or later, then run make again."; exit 1 ;;
  esac
  has npm || install_packages npm
  say "bringing Node $NODE_VERSION into .node"
  rm -rf .node
  mkdir -p .node/bin
  npm install --prefix .node --no-save --no-audit --no-fund --loglevel=error "node-linux-$arch@$NODE_VERSION" >&2
  ln -s "../node_modules/node-linux-$arch/bin/node" .node/bin/node
  new_enough .node/bin/node || { say "the Node in .node does not run on this machine."; exit 1; }
}

install_npm_packages() {
  has npm || install_packages npm
  say 'installing npm packages'
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.lock-installed
}

programs=("${PROGRAMS[@]}")
[ "${1-}" = --bench ] && programs+=("${BENCH_PROGRAMS[@]}")
[ "${1-}" = --test ] && programs+=("${TEST_PROGRAMS[@]}")
mapfile -t packages < <(missing_packages "${programs[@]}")
[ ${#packages[@]} = 0 ] || install_packages "${packages[@]}"

export PATH="$PWD/.node/bin:$PATH"
new_enough node || install_node
cmp -s package-lock.json node_modules/.lock-installed || install_npm_packages

if ! getent passwd clawgress >/dev/null; then
  need_root 'the system user clawgress'
  say 'adding the system user clawgress'
  PATH="$PATH:/usr/sbin" useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin clawgress
fi
