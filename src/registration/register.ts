import { copyFileSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { replaceWhole } from '../base/atomic-file.ts'
import { fail } from '../base/errors.ts'
import { generateCaches, generateOpTree, mergeReferenceTrees, updateCache } from './box-tools.ts'
import { isOpTree, mergeOpTrees, printPython } from './op-tree.ts'
import { withEntry, withoutEntry } from './script-list.ts'
import { SharedFile } from './shared-file.ts'
import { isVyos, VYOS_DAEMONS, type VyosBox } from './vyos-box.ts'

/** The module that commits of `service clawgress` run, as vyos-configd and vyos-commitd list it. */
const OWNER = 'service_clawgress.py'

/**
 * Makes VyOS know our nodes, commands and owner, from whatever a run before, or an upgrade of VyOS, has left. Returns
 * whether there is a VyOS at all. Throws `system.registration`.
 */
export async function register(box: VyosBox): Promise<boolean> {
  if (!isVyos(box)) return false
  const scratch = mkdtempSync(join(tmpdir(), 'clawgress-registration-'))
  try {
    const { python, internal } = await generateCaches(box, scratch)
    replaceWhole(box.packageCache, readFileSync(python), 0o644)
    await updateCache(box)
    if (internal !== undefined) await addToReferenceTrees(box, internal)
    await addToOpCaches(box, scratch)
    editScriptList(box, withEntry)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  await restartDaemons(box)
  return true
}

/** Leaves VyOS as it would be without us. Idempotent. Throws `system.registration`. */
export async function unregister(box: VyosBox): Promise<boolean> {
  if (!isVyos(box)) return false
  editScriptList(box, withoutEntry)
  for (const file of [...opCaches(box), ...referenceTrees(box)]) file.restore()
  rmSync(box.packageCache, { force: true })
  await updateCache(box)
  await restartDaemons(box)
  return true
}

/** The same file may be known under two names. */
function referenceTrees(box: VyosBox): SharedFile[] {
  const paths = box.referenceTrees.filter((path) => existsSync(path)).map((path) => realpathSync(path))
  return [...new Set(paths)].map((path) => new SharedFile(path, box.originals))
}

const opCaches = (box: VyosBox): SharedFile[] =>
  [box.opCaches.json, box.opCaches.python].map((path) => new SharedFile(path, box.originals))

async function addToReferenceTrees(box: VyosBox, internal: string): Promise<void> {
  for (const tree of referenceTrees(box)) {
    // Every file in the folder is merged.
    const folder = mkdtempSync(join(tmpdir(), 'clawgress-reference-'))
    try {
      copyFileSync(internal, join(folder, basename(internal)))
      replaceWhole(join(folder, 'vyos'), tree.readOriginal(), 0o600)
      await mergeReferenceTrees(box, folder, 'vyos', 'merged')
      tree.replace(readFileSync(join(folder, 'merged')))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

async function addToOpCaches(box: VyosBox, scratch: string): Promise<void> {
  const [json, python] = opCaches(box) as [SharedFile, SharedFile]
  if (!json.exists() || !existsSync(box.generateOpCache)) return
  const theirs: unknown = JSON.parse(json.readOriginal().toString('utf8'))
  const ours = await generateOpTree(box, scratch)
  if (!isOpTree(theirs) || !isOpTree(ours))
    fail('system.registration', `${json.path} has a form that this version does not know; install a newer Clawgress.`)
  const merged = mergeOpTrees(theirs, ours)
  json.replace(Buffer.from(JSON.stringify(merged)))
  if (!python.exists()) return
  const [head] = python.readOriginal().toString('utf8').split('op_reference = ')
  python.replace(Buffer.from(`${head}op_reference = ${printPython(merged)}`))
}

function editScriptList({ configdInclude }: VyosBox, edit: (text: string, entry: string) => string): void {
  if (!existsSync(configdInclude)) return
  const text = readFileSync(configdInclude, 'utf8')
  let edited: string
  try {
    edited = edit(text, OWNER)
  } catch {
    fail('system.registration', 'This is not a list of script names; reinstall the package vyos-1x.', {
      file: configdInclude,
    })
  }
  if (edited !== text) replaceWhole(configdInclude, edited, statSync(configdInclude).mode & 0o777)
}

/** Those that run, where systemd runs: an image is built without. */
async function restartDaemons({ root }: VyosBox): Promise<void> {
  if (root !== '' || !existsSync('/run/systemd/system')) return
  await execa('systemctl', ['--no-ask-password', 'try-restart', ...VYOS_DAEMONS], { reject: false, timeout: 90_000 })
}
