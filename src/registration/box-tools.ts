import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { fail } from '../base/errors.ts'
import type { VyosBox } from './vyos-box.ts'

/** Reading all of VyOS's definitions takes a minute on slow routers. */
const TIMEOUT_MS = 300_000

/**
 * Makes our part of VyOS's knowledge of configuration nodes below `folder` with the router's own tool. Returns the
 * Python cache, and the internal cache where this VyOS has one.
 */
export async function generateCaches(box: VyosBox, folder: string): Promise<{ python: string; internal?: string }> {
  const python = join(folder, 'clawgress_cache.py')
  const words = ['--xml-dir', box.ours.configuration, '--package-name', 'clawgress', '--output-path', folder]
  if (!readFileSync(box.generateCache, 'utf8').includes('--internal-cache')) {
    await runPython(box, [box.generateCache, ...words])
    return { python }
  }
  const internal = join(folder, 'clawgress.cache')
  await runPython(box, [box.generateCache, ...words, '--internal-cache', internal])
  return { python, internal }
}

/** Has VyOS collect the caches of all packages. */
export const updateCache = (box: VyosBox): Promise<void> => runPython(box, [box.updateCache])

/** The reference tree of `primary` with ours (`internal`) added; both and the result are file names in `folder`. */
export async function mergeReferenceTrees(
  box: VyosBox,
  folder: string,
  primary: string,
  result: string,
): Promise<void> {
  const program = 'import sys; from vyos.configtree import merge_reference_tree_cache as merge; merge(*sys.argv[1:4])'
  await runPython(box, ['-c', program, folder, primary, result])
}

/** Our operational commands as VyOS's tool describes them. It writes beside itself, so a copy of it runs. */
export async function generateOpTree(box: VyosBox, folder: string): Promise<unknown> {
  const [copy, result] = [join(folder, 'xml_ref'), join(folder, 'op_tree.json')]
  mkdirSync(copy)
  copyFileSync(box.generateOpCache, join(copy, 'generate_op_cache.py'))
  copyFileSync(box.opDefinition, join(copy, 'op_definition.py'))
  const words = ['--xml-dir', box.ours.operation, '--export-json', result]
  await runPython(box, [join(copy, 'generate_op_cache.py'), ...words])
  return JSON.parse(readFileSync(result, 'utf8'))
}

async function runPython(box: VyosBox, words: readonly string[]): Promise<void> {
  const env = { PYTHONPATH: `${box.python}:${join(box.python, 'vyos')}`, PYTHONDONTWRITEBYTECODE: '1' }
  const { failed, all } = await execa('/usr/bin/python3', words, { all: true, reject: false, env, timeout: TIMEOUT_MS })
  if (!failed) return
  const said = all.trim().split('\n').at(-1) ?? ''
  fail(
    'system.registration',
    `VyOS could not take over the nodes of Clawgress: ${words[0]} failed${said === '' ? '' : `: ${said}`}.`,
  )
}
