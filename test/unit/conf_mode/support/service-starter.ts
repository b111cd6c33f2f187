// As a handler does: keeps what it has inherited, starts a service, tells its process id, and goes on until it is killed.
import { spawn } from 'node:child_process'
import { keepInherited } from '../../../../src/services/index.ts'

keepInherited()
const service = spawn('sleep', ['60'], { stdio: 'ignore', detached: true })
process.stdout.write(String(service.pid))
