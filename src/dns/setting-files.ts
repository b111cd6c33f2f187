import { fail } from '../base/errors.ts'
import { readRegularFile } from '../base/regular-file.ts'

/** Octets: longest trust anchor or root hints file that is taken. */
export const LONGEST_SETTING_FILE = 65_536

/** Text of a file that the operator named in the configuration. Throws ClawgressError `config.value`. */
export function readSettingFile(file: string, what: string): string {
  const content = readRegularFile(file, LONGEST_SETTING_FILE)
  return 'fault' in content
    ? fail('config.value', `The ${what} ${content.fault}.`, { file })
    : content.bytes.toString('utf8')
}
