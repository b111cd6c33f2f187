/** Where the parts of a backup lie in its archive. */
export const CONFIG_MEMBER = 'config.boot'

/** Nodes that name files of the operator; each file travels under the name of its node, and goes where the node says. */
export const FILE_NODES: readonly (readonly string[])[] = [
  ['policy-file'],
  ['dns', 'root-hints'],
  ['dns', 'trust-anchors'],
]

export const fileMember = (node: readonly string[]): string => `files/${node.join('-')}`

/** `<number>-<generation>/<file>` */
export const HISTORY_MEMBER = /^history\/([0-9]{1,9}-[0-9a-f]{16})\/([a-z][a-z-]{0,40}\.json)$/
export const historyMember = (entry: string, file: string): string => `history/${entry}/${file}`

/** The node that is backed up; everything else in the configuration is not ours. */
export const SECTION = ['service', 'clawgress'] as const
