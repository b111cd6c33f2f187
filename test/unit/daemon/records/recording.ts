import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Layout, layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { type DecisionRecord, decisionRecord } from '../../../../src/daemon/records/kinds/record.ts'
import type { LookUpNames } from '../../../../src/daemon/records/names-behind.ts'
import { Recorder } from '../../../../src/daemon/records/recorder.ts'
import { compilePlan, type Plan, writePlan } from '../../../../src/plan/index.ts'
import { parsePolicy } from '../../../../src/policy/index.ts'
import { testSettings } from '../settings.ts'
import { tempFolder } from '../temp-folder.ts'

export const POLICY = {
  version: 1,
  allow: { domains: ['api.openai.com', { name: 'git.example.org', ports: [22], label: 'git' }], ips: ['1.2.3.0/24'] },
  deny: { domains: ['ads.example.org'], ips: ['1.2.3.4'] },
  labels: { '198.18.0.0/15': 'benchmark' },
}

/** A line of ulogd2 about a refused packet. */
export const packetLine = (fields: object = {}) =>
  `${JSON.stringify({
    'oob.prefix': 'cg:g=default;r=net.not-pinned',
    'oob.time.sec': Math.floor(Date.now() / 1000),
    'oob.in': 'c1',
    'oob.out': 'up',
    'ip.protocol': 6,
    src_port: 40000,
    dest_port: 443,
    src_ip: '10.77.0.2',
    dest_ip: '198.18.9.9',
    ...fields,
  })}\n`

/** A line of named about a refused question. */
export const namedLine = (client: string, name: string, type = 'A') =>
  `${new Date().toISOString()} rpz: info: client @0x7f16 ${client}#4000 (${name}): view default: rpz QNAME NXDOMAIN rewrite ${name}/${type}/IN via ${name}.d\n`

/** A recorder, the logs it reads and what it has written. */
export class Recording {
  readonly layout: Layout
  recorder: Recorder

  constructor(folder: string) {
    this.layout = layoutBelow(folder)
    for (const path of [join(this.layout.run, 'log'), join(this.layout.named, 'log'), this.layout.log])
      mkdirSync(path, { recursive: true })
    this.recorder = this.open()
  }

  /** Another recorder of the same logs. */
  open(lookUpNames: LookUpNames = async () => new Map()): Recorder {
    return new Recorder({ layout: this.layout, lookUpNames, syslogCommand: () => ['cat'] })
  }

  /** In place of the one before, which was closed. */
  start(lookUpNames?: LookUpNames): void {
    this.recorder = this.open(lookUpNames)
  }

  records(): DecisionRecord[] {
    const lines = readFileSync(runtimePaths(this.layout).decisions, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => decisionRecord.parse(JSON.parse(line)))
  }

  /** One round now, and one when everything is due. */
  run(): void {
    while (this.recorder.step(Date.now()));
    this.recorder.step(Date.now() + 150)
  }

  write(source: 'nflogRecords' | 'namedDenials' | 'pinnerDenials', text: string): void {
    appendFileSync(runtimePaths(this.layout)[source], text)
  }

  activate(policy: object): Plan {
    const plan = compilePlan(parsePolicy(Buffer.from(JSON.stringify(policy))).policy, testSettings, {})
    const target = join(this.layout.run, 'generations', plan.generation)
    mkdirSync(target, { recursive: true })
    writePlan(plan, join(target, 'plan'))
    rmSync(runtimePaths(this.layout).current, { force: true })
    symlinkSync(target, runtimePaths(this.layout).current)
    return plan
  }
}

/** A fresh recording for every test of the enclosing `describe`. */
export function useRecording(): () => Recording {
  const folder = tempFolder()
  let number = 0
  let recording: Recording
  beforeEach(() => {
    recording = new Recording(join(folder(), String(number++)))
  })
  afterEach(() => recording.recorder.close())
  return () => recording
}
