import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where VyOS keeps what add-on packages share with it, and where ours lies; all below `root`, empty on a router. */
export function vyosBox(root = '') {
  const xmlRef = join(root, '/usr/lib/python3/dist-packages/vyos/xml_ref')
  return {
    root,
    xmlRef,
    python: join(root, '/usr/lib/python3/dist-packages'),
    generateCache: join(xmlRef, 'generate_cache.py'),
    updateCache: join(xmlRef, 'update_cache.py'),
    packageCache: join(xmlRef, 'pkg_cache', 'clawgress_cache.py'),
    generateOpCache: join(xmlRef, 'generate_op_cache.py'),
    opDefinition: join(xmlRef, 'op_definition.py'),
    /** Since 2025: operational commands, for operators. */
    opCaches: { json: join(root, '/usr/share/vyos/op_cache.json'), python: join(xmlRef, 'op_cache.py') },
    /** Since 2025: the tree of configuration nodes, for Python and for vyconfd. */
    referenceTrees: [
      join(root, '/usr/share/vyos/reftree.cache'),
      join(root, '/usr/libexec/vyos/vyconf/reftree/reftree.cache'),
    ],
    configdInclude: join(root, '/usr/share/vyos/configd-include.json'),
    ours: {
      configuration: join(root, '/usr/lib/clawgress/vyos/interface-definitions'),
      operation: join(root, '/usr/lib/clawgress/vyos/op-mode-definitions'),
    },
    /** Shared files as they were before us. */
    originals: join(root, '/var/lib/clawgress/registration'),
  }
}

export type VyosBox = ReturnType<typeof vyosBox>

export const isVyos = (box: VyosBox): boolean => existsSync(box.updateCache)

/** They read the above when they start. */
export const VYOS_DAEMONS = ['vyos-configd.service', 'vyos-commitd.service', 'vyconfd.service'] as const
