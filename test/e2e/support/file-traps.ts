import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from '../../../src/standalone/lab/lab.ts'

/** Policy files below the gateway's /config that must not be taken, by what is wrong with each. */
export async function layFileTraps(lab: Lab, policy: object): Promise<void> {
  const { gateway } = lab
  const outside = join(gateway.layout.root, 'outside.json')
  await writeFile(outside, JSON.stringify(policy))
  await gateway.write('/config/world-writable.json', policy)
  await chmod(gateway.file('/config/world-writable.json'), 0o666)
  await symlink(outside, gateway.file('/config/escaping.json'))
  await symlink('loop.json', gateway.file('/config/loop.json'))
  await mkdir(gateway.file('/config/folder.json'))
  await gateway.exec(['mkfifo', gateway.file('/config/pipe.json')])
  await gateway.write('/config/not-json.json', '{ "version": 1, "allow": { "domains": [ }')
  await gateway.write('/config/wrong.json', {
    version: 1,
    allow: { domains: ['api.openai.com', '*.com', 'bad name'], ips: ['10.0.0.0/40'], ports: [70_000] },
    proxy: true,
  })
}
