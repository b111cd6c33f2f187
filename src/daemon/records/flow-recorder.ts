import { join } from 'node:path'
import { type MarkField, markField } from '../../firewall/index.ts'
import { clientGroup, flowRecordOf } from './kinds/flow-record.ts'
import { DecisionLog, type DecisionLogOptions } from './outputs/decision-log.ts'
import { RecordOutput } from './outputs/record-output.ts'
import type { RecordContext } from './record-context.ts'
import { type EndedFlow, parseFlowLine } from './sources/flow-line.ts'
import { FlowListener } from './sources/flow-listener.ts'
import { Tail } from './sources/tail.ts'

/**
 * Milliseconds that a flow waits at most: for the pinner to say which names its address is known by, and for the guard,
 * which looks every two seconds, to say which generation its mark stands for.
 */
const MAX_WAIT = 4_000
/** Longer than a flow waits, so that a place is saved only when everything before it has been written. */
const SAVE_EVERY = 5_000
/** Lines go to memory only as fast as their records leave it. */
const MAX_PENDING = 20_000

interface Waiting {
  readonly flow: EndedFlow
  readonly seenAt: number
}

export interface FlowCounts {
  /** Flows of ours that ended. */
  flows: number
  unreadable: number
  /** Flows that the kernel did not count the octets of. */
  uncounted: number
}

/** Turns the connections that the kernel has forgotten into flow records. Lines are lost as little as the Recorder's. */
export class FlowRecorder {
  readonly counts: FlowCounts = { flows: 0, unreadable: 0, uncounted: 0 }
  readonly listener: FlowListener
  private readonly context: RecordContext
  private readonly output: RecordOutput
  private readonly tail: Tail
  private readonly generationOf: (mark: number) => string | undefined
  private waiting: Waiting[] = []
  private field: MarkField | undefined
  private fieldMask = 0
  private place = ''
  private savedAt = 0
  private sequence = 0
  private readonly run = Date.now().toString(36)

  /** `generationOf` knows the generations by their numbers in ct marks. */
  constructor(
    context: RecordContext,
    generationOf: (number: number) => string | undefined,
    log: DecisionLogOptions = {},
  ) {
    const { endedFlows, flows, daemonFolder } = context.paths
    this.context = context
    this.listener = new FlowListener(join(context.paths.daemonFolder, 'flow-listener.totals'))
    this.generationOf = generationOf
    this.output = new RecordOutput(new DecisionLog(flows, log), context.systemLog, context.bus)
    this.tail = new Tail({ path: endedFlows, bookmark: join(daemonFolder, 'flows.place'), punch: true })
  }

  get troubles(): readonly string[] {
    const { trouble } = this.output
    const unwritten = trouble && `flow records cannot be written: ${trouble}`
    return [unwritten, ...this.tail.troubles].filter((each) => each !== undefined)
  }

  get lost(): { disk: number; unreadable: number } {
    const { overlong, gaps } = this.tail.counts
    return { disk: this.output.lost, unreadable: this.counts.unreadable + overlong + gaps + this.output.torn }
  }

  backlog(): number {
    return this.tail.backlog()
  }

  /** One round, after the Recorder's, which follows the Plan. True: call again at once. */
  step(now: number): boolean {
    this.listener.step(now)
    const { settings } = this.context
    if (settings === undefined) return false
    if (this.fieldMask !== settings.markMask) {
      this.fieldMask = settings.markMask
      this.field = markField(settings.markMask)
    }
    const isMore = this.waiting.length < MAX_PENDING && this.tail.poll((line) => this.take(line, now))
    this.context.names.ask()
    this.write(now)
    if (Math.abs(now - this.savedAt) >= SAVE_EVERY) {
      this.savedAt = now
      this.tail.save(this.place)
      this.place = this.tail.place()
    }
    return isMore
  }

  close(): void {
    this.write(Number.POSITIVE_INFINITY)
    this.tail.save(this.tail.place())
    this.tail.close()
    this.output.close()
  }

  private take(line: string, now: number): void {
    const flow = parseFlowLine(line)
    if (flow === 'unmarked') return
    if (flow === undefined) {
      this.counts.unreadable++
      return
    }
    const number = this.field!.number(flow.mark)
    // Flows that began outside are not what agents reach; VyOS's firewall decides about them.
    if (number === 0 || number === this.field!.inbound) return
    this.context.names.want(flow.address)
    this.waiting.push({ flow, seenAt: now })
  }

  private write(now: number): void {
    const { names, plans, settings } = this.context
    if (this.waiting.length === 0 || plans.live === undefined) return
    const due: EndedFlow[] = []
    const rest: Waiting[] = []
    for (const each of this.waiting) {
      const isKnown = names.isAnswered(each.flow.address) && this.generationOfFlow(each.flow) !== undefined
      const isDue = isKnown || Math.abs(now - each.seenAt) >= MAX_WAIT
      if (isDue) due.push(each.flow)
      else {
        names.want(each.flow.address)
        rest.push(each)
      }
    }
    this.waiting = rest
    const plan = plans.live
    const records = due.map((flow) => {
      this.counts.flows++
      if (flow.up === undefined) this.counts.uncounted++
      return flowRecordOf(flow, {
        id: `${this.run}-${(this.sequence++).toString(36)}`,
        plan,
        generation: this.generationOfFlow(flow),
        names: names.all(flow.address, clientGroup(plan, flow.client)),
      })
    })
    this.output.emit(records, settings?.logAllowed !== false)
  }

  private generationOfFlow({ mark }: EndedFlow): string | undefined {
    return this.generationOf(this.field!.number(mark))
  }
}
