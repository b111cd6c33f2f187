import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { inNamespace, ipBatch, runIn } from '../namespace.ts'
import { launch } from '../process.ts'
import { until } from '../until.ts'
import { type Host, NAME_SERVERS, PUBLIC_RESOLVER, SILENT_SERVER } from './addresses.ts'
import type { Certificates } from './certificates.ts'
import { type PublishedTree, type PublishedZone, publishTree } from './signing.ts'

/**
 * Starts the authoritative servers of the lab's internet: one named, with a view for each place in the tree, so that
 * resolvers follow real delegations, and one that recurses, for tests of configured name-servers.
 * @returns the tree with its trust anchor and root hints
 */
export async function startNameServers(namespace: string, folder: string, tls: Certificates): Promise<PublishedTree> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const zones = join(folder, 'zones')
  await mkdir(zones)
  const servers = [...Object.values(NAME_SERVERS), PUBLIC_RESOLVER, SILENT_SERVER]
  const [tree] = await Promise.all([
    publishTree(zones),
    ipBatch(
      namespace,
      servers.flatMap(({ v4, v6 }) => [`addr add ${v4}/32 dev lo`, `addr add ${v6}/128 dev lo nodad`]),
    ),
  ])
  await writeFile(join(folder, 'root.hints'), tree.rootHints)
  const configuration = join(folder, 'named.conf')
  const own = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') }
  await Promise.all([copyFile(tls.certificate, own.certificate), copyFile(tls.key, own.key)])
  await writeFile(configuration, printConfiguration(folder, tree, own))
  await execa('chown', ['-R', 'bind:bind', folder])
  await launch(
    inNamespace(namespace, ['named', '-u', 'bind', '-n', '2', '-f', '-c', configuration]),
    join(folder, 'named.out'),
  )
  await until('the name servers of the lab answer', 15_000, () => answers(namespace))
  return tree
}

async function answers(namespace: string): Promise<boolean> {
  const query = ['dig', '+tries=1', '+time=1', '+short', `@${NAME_SERVERS.hosting.v4}`, 'api.openai.com', 'A']
  const { stdout, exitCode } = await runIn(namespace, query, { reject: false })
  return exitCode === 0 && /^\d/.test(stdout)
}

const addresses = ({ v4, v6 }: Host) => `${v4}; ${v6};`

function printConfiguration(
  folder: string,
  tree: PublishedTree,
  tls: Pick<Certificates, 'certificate' | 'key'>,
): string {
  const all = [...Object.values(NAME_SERVERS), PUBLIC_RESOLVER]
  const v4 = all.map((server) => `${server.v4};`).join(' ')
  const v6 = all.map((server) => `${server.v6};`).join(' ')
  const authority = Object.entries(NAME_SERVERS).map(([name, server]) => {
    const zones = tree.zones.filter(({ zone }) => zone.server === name)
    return `view "${name}" {
  match-destinations { ${addresses(server)} };
  recursion no;
${zones.map(printZoneClause).join('\n')}
};`
  })
  return `options {
  directory "${folder}";
  pid-file "${join(folder, 'named.pid')}";
  lock-file none;
  session-keyfile "${join(folder, 'session.key')}";
  managed-keys-directory "${folder}";
  listen-on { ${v4} };
  listen-on-v6 { ${v6} };
  listen-on port 853 tls lab { ${PUBLIC_RESOLVER.v4}; };
  listen-on-v6 port 853 tls lab { ${PUBLIC_RESOLVER.v6}; };
  query-source address ${PUBLIC_RESOLVER.v4};
  query-source-v6 address ${PUBLIC_RESOLVER.v6};
  allow-query { any; };
  max-cache-size 16m;
  minimal-responses no-auth-recursive;
  notify no;
};
tls lab { cert-file "${tls.certificate}"; key-file "${tls.key}"; };
controls { };
logging {
  channel queries { file "${join(folder, 'queries.log')}"; print-time iso8601-utc; severity info; };
  category queries { queries; };
};
${tree.trustAnchors}${authority.join('\n')}
view "recursive" {
  match-destinations { ${addresses(PUBLIC_RESOLVER)} };
  recursion yes;
  dnssec-validation yes;
  zone "." { type hint; file "${join(folder, 'root.hints')}"; };
};
`
}

function printZoneClause({ zone, file }: PublishedZone): string {
  const update = zone.dynamic ? ' allow-update { localhost; };' : ''
  return `  zone "${zone.name}." { type primary; file "${file}";${update} };`
}
