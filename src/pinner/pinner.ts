import type { Logger } from 'pino'
import { ENDPOINTS, pinnerAddress } from '../base/endpoints.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { type LiveRuleset, liveRuleset, PinWriter } from '../firewall/index.ts'
import { GroupSide } from './answering/group-side.ts'
import { PinQueue } from './answering/pin-queue.ts'
import { ResolvedNames } from './answering/resolved-names.ts'
import { Resolver } from './answering/resolver.ts'
import { Shares } from './answering/shares.ts'
import { WildcardNames } from './answering/wildcard-names.ts'
import { Book } from './book/book.ts'
import { Journal } from './book/journal.ts'
import { PinStore } from './book/pin-store.ts'
import { monotonicMs } from './clock.ts'
import { PlanSwitch } from './commit/plan-switch.ts'
import { restorePins } from './commit/restore-pins.ts'
import { runCommand } from './control/commands.ts'
import type { PinnerMetrics, PinnerStatus } from './control/protocol.ts'
import { ControlServer } from './control/server.ts'
import { DenialFile } from './denial-file.ts'
import { FlowWatch } from './flows/flow-watch.ts'
import { LIMITS, type Limits } from './limits.ts'
import { newCounters } from './metrics.ts'
import { generationFolder } from './policy/generation-folder.ts'
import { LoadedPlan } from './policy/loaded-plan.ts'
import { PolicyState } from './policy/policy-state.ts'
import { Listener } from './transport/listener.ts'
import { UpstreamSide } from './upstream/upstream-side.ts'

/** All parts of the pinner, wired together. */
export class Pinner {
  readonly limits: Limits
  readonly policy = new PolicyState()
  readonly store: PinStore
  readonly planSwitch: PlanSwitch
  readonly now = monotonicMs
  private readonly log: Logger
  private readonly started = monotonicMs()
  private readonly counters = newCounters()
  private readonly journal: Journal
  private readonly writer = new PinWriter()
  private readonly denials: DenialFile
  private readonly resolver: Resolver
  readonly resolved = new ResolvedNames()
  private readonly shares: Shares
  private readonly groupSide: GroupSide
  private readonly upstream: UpstreamSide
  private readonly flows: FlowWatch
  private readonly control: ControlServer
  private readonly listeners: Listener[] = []
  private readonly groupListeners = new Map<number, Listener>()
  private readonly timers: NodeJS.Timeout[] = []

  constructor(layout: Layout, log: Logger, limits: Limits = LIMITS) {
    const paths = runtimePaths(layout)
    this.log = log
    this.limits = limits
    const book = new Book(limits)
    const { journal, state } = Journal.open(paths.journal, book, limits)
    if (state.damaged > 0) log.error({ lines: state.lines, damaged: state.damaged }, 'lines of the journal are damaged')
    this.journal = journal
    this.store = new PinStore(book, journal, this.writer, limits, this.now)
    this.denials = new DenialFile(paths.pinnerDenials, limits, this.counters)
    this.resolver = new Resolver(limits)
    this.shares = new Shares(limits)
    this.upstream = new UpstreamSide(limits, this.counters)
    this.flows = new FlowWatch(this.store, this.counters, this.now)
    this.groupSide = new GroupSide({
      policy: this.policy,
      resolver: this.resolver,
      resolved: this.resolved,
      queue: new PinQueue(this.store),
      shares: this.shares,
      wildcardNames: new WildcardNames(limits),
      denials: this.denials,
      counters: this.counters,
      limits,
    })
    this.planSwitch = new PlanSwitch({
      policy: this.policy,
      store: this.store,
      flows: this.flows,
      limits,
      statePath: paths.pinnerState,
      readPlan: (dir) => LoadedPlan.read(generationFolder(layout, dir)),
      now: this.now,
      changed: () => this.followPlan(),
    })
    this.control = new ControlServer(paths.pinnerSocket, limits, (request) => runCommand(this, request))
  }

  /** Comes up as it was before, then takes questions and commands. Rejects where an address or socket is taken. */
  async start(): Promise<void> {
    const { upstreamAddress, upstreamPort } = ENDPOINTS
    const takeUpstream = await Listener.open(upstreamAddress, upstreamPort, this.limits, (incoming) =>
      this.upstream.take(incoming),
    )
    this.listeners.push(takeUpstream)
    for (const problem of await this.planSwitch.restore()) this.log.error(problem)
    const restored = this.control.first(() => this.restorePins())
    await this.control.open()
    this.flows.start()
    this.every(this.limits.heldMs / 2, () => this.sweep())
    this.every(this.limits.pruneMs, () => this.store.prune())
    await restored
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer)
    this.control.close()
    for (const listener of this.listeners) listener.close()
    for (const listener of this.groupListeners.values()) listener.close()
    this.resolver.close()
    this.upstream.close()
    this.flows.close()
    this.denials.close()
    this.writer.close()
    this.journal.close()
  }

  async sweep(): Promise<{ flows: number; held: number }> {
    const { active } = this.policy
    return active === undefined ? { flows: 0, held: 0 } : await this.flows.sweep(active)
  }

  status(): PinnerStatus {
    const { active, staged } = this.policy
    const kernel = this.kernel()
    const problems: string[] = []
    if (active === undefined) problems.push('No policy is loaded: every name is refused.')
    if (staged === 'unreadable') problems.push('The staged policy cannot be read: every name is refused. Commit again.')
    if (!kernel.present) problems.push('The kernel does not have our table: no address can be opened.')
    const stagedGeneration = staged === 'unreadable' ? undefined : staged?.plan.generation
    return {
      ready: problems.length === 0,
      ...(active === undefined ? {} : { generation: active.plan.generation }),
      ...(stagedGeneration === undefined ? {} : { stagedGeneration }),
      ...(kernel.generation === undefined ? {} : { kernelGeneration: kernel.generation }),
      bindings: this.store.book.size,
      addresses: this.store.book.addressCount,
      inFlight: this.shares.inFlight,
      nameServers: this.upstream.health,
      pid: process.pid,
      uptimeSeconds: Math.floor((this.now() - this.started) / 1000),
      problems,
    }
  }

  metrics(): PinnerMetrics {
    return {
      counters: { ...this.counters },
      store: { ...this.store.counters },
      bindings: this.store.book.size,
      addresses: this.store.book.addressCount,
      inFlight: this.shares.inFlight,
      journalBytes: this.store.journalBytes,
      nameServers: this.upstream.health,
      memoryBytes: process.memoryUsage.rss(),
    }
  }

  /** Questions are answered meanwhile; commands wait. */
  private async restorePins(): Promise<void> {
    const { pins, failed } = await restorePins(this.store, this.policy)
    const generation = this.policy.active?.plan.generation
    this.log.info({ generation, bindings: this.store.book.size, pins, notRestored: failed.length }, 'pinner is up')
  }

  private kernel(): LiveRuleset {
    try {
      return liveRuleset()
    } catch (error) {
      this.log.warn((error as Error).message)
      return { present: false, intact: false, closed: false }
    }
  }

  /** Opens what the Plans want; nothing is closed, because named may still ask on behalf of a group that is going. */
  private async followPlan(): Promise<void> {
    const { active, staged } = this.policy
    const nameServers = [active, staged === 'unreadable' ? undefined : staged].flatMap(
      (each) => each?.plan.settings.nameServers ?? [],
    )
    this.upstream.use([...new Map(nameServers.map((each) => [JSON.stringify(each), each])).values()])
    for (let index = this.groupListeners.size; index < this.policy.groupCount; index++) {
      const take = (incoming: Parameters<GroupSide['take']>[1]) => this.groupSide.take(index, incoming)
      const listener = await Listener.open(pinnerAddress(index), ENDPOINTS.pinnerPort, this.limits, take)
      this.groupListeners.set(index, listener)
    }
  }

  private every(ms: number, work: () => unknown): void {
    const guarded = async () => {
      try {
        await work()
      } catch (error) {
        this.log.error((error as Error).message)
      }
    }
    this.timers.push(setInterval(() => void guarded(), ms).unref())
  }
}
