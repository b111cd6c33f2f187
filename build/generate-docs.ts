import { writeFileSync } from 'node:fs'
import { recordJsonSchema } from '../src/daemon/records/kinds/record-kinds.ts'
import { loadDefinitions, loadOpDefinitions } from '../src/vyos/index.ts'
import { printCommandsPage } from './commands-page.ts'
import { clawgressService, printConfigurationPage } from './configuration-page.ts'
import { describeApi } from './openapi-document.ts'
import { printReasonsPage } from './reasons-page.ts'

writeFileSync('docs/reasons.md', printReasonsPage())
writeFileSync('docs/configuration.md', printConfigurationPage(clawgressService(loadDefinitions())))
writeFileSync('docs/commands.md', printCommandsPage(loadOpDefinitions()))
writeFileSync('docs/record.schema.json', `${JSON.stringify(recordJsonSchema(), undefined, 2)}\n`)
writeFileSync('docs/openapi.json', `${JSON.stringify(await describeApi(), undefined, 2)}\n`)
