import { existsSync } from 'node:fs'
import { execa } from 'execa'

const INCLUDED = ['systemd-sysv', 'man-db', 'python3', 'adduser']
/** What the package depends on, to be installed with it where there is no network. */
const FETCHED = ['bind9', 'bind9-utils', 'iproute2', 'nftables', 'openssl', 'ulogd2', 'ulogd2-json']

/** Makes a minimal Debian 12 in `folder`, with the packages that ours depends on downloaded and not installed. */
export async function makeBase(folder: string): Promise<void> {
  const fetch = `APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --no-install-recommends --download-only install ${FETCHED.join(' ')}`
  const options = [
    '--variant=minbase',
    `--include=${INCLUDED.join(',')}`,
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=force-unsafe-io',
    '--aptopt=APT::Sandbox::User "root"',
    '--skip=cleanup/apt',
    `--customize-hook=${fetch}`,
  ]
  await execa('mmdebstrap', ['--quiet', ...options, 'bookworm', folder])
  if (!existsSync(`${folder}/var/cache/apt/archives`)) throw new Error(`${folder} is not what was asked for`)
}
