import { writeFileSync } from 'node:fs'
import { decisionJsonSchema } from '../src/daemon/record.ts'
import { printReasonsPage } from './reasons-page.ts'

writeFileSync('docs/reasons.md', printReasonsPage())
writeFileSync('docs/decision.schema.json', `${JSON.stringify(decisionJsonSchema(), undefined, 2)}\n`)
