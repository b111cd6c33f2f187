import { writeFileSync } from 'node:fs'
import { decisionJsonSchema } from '../src/daemon/records/record.ts'
import { loadDefinitions } from '../src/vyos/index.ts'
import { clawgressService, printConfigurationPage } from './configuration-page.ts'
import { printReasonsPage } from './reasons-page.ts'

writeFileSync('docs/reasons.md', printReasonsPage())
writeFileSync('docs/configuration.md', printConfigurationPage(clawgressService(loadDefinitions())))
writeFileSync('docs/decision.schema.json', `${JSON.stringify(decisionJsonSchema(), undefined, 2)}\n`)
