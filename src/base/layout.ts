import { join } from 'node:path'

/** Where everything lies on one gateway. Under a lab every path moves below the lab's root. */
export interface Layout {
  /** Empty on an appliance; the lab's folder in a lab. Prefix of the paths that an operator types. */
  readonly root: string
  /** Operator's files: policy files must lie below it. */
  readonly config: string
  /** tmpfs: sockets, generations, journal. Same lifetime as the kernel's sets. */
  readonly run: string
  /** Survives reboots: history of activated policies. */
  readonly state: string
  readonly log: string
  /** Everything named reads and writes. Below /var/cache/bind, because Debian's AppArmor profile allows that. */
  readonly named: string
}

/** Layout below `root`, with `CLAWGRESS_NAMED_DIR` overriding named's folder. */
export function layoutBelow(root: string, namedDir = ''): Layout {
  return {
    root,
    config: join(root, '/config'),
    run: join(root, '/run/clawgress'),
    state: join(root, '/var/lib/clawgress'),
    log: join(root, '/var/log/clawgress'),
    named: namedDir === '' ? join(root, '/var/cache/bind/clawgress') : namedDir,
  }
}

/** The layout this process runs under: `CLAWGRESS_ROOT` and `CLAWGRESS_NAMED_DIR`, or the appliance's. */
export function currentLayout(env: NodeJS.ProcessEnv = process.env): Layout {
  return layoutBelow(env.CLAWGRESS_ROOT ?? '', env.CLAWGRESS_NAMED_DIR ?? '')
}

/** Path on this machine of a file that an operator names: what is called /config lies below the lab's folder in a lab. */
export const operatorPath = (layout: Layout, typed: string): string =>
  typed.startsWith('/config/') ? join(layout.root, typed) : typed

/** Files and sockets inside the layout that more than one program knows. */
export const runtimePaths = (layout: Layout) => ({
  lock: join(layout.run, 'lock'),
  /** Symbolic link to the generation folder that is proven live. */
  current: join(layout.run, 'current'),
  /** Present while an apply is under way; names the generation it wants. */
  intent: join(layout.run, 'intent.json'),
  generations: join(layout.run, 'generations'),
  /** Present while the configuration says `disable`. */
  disabled: join(layout.run, 'disabled'),
  /** Must lie there before the log unit starts; beside the generations, since it names no policy. */
  ulogdConfiguration: join(layout.run, 'ulogd.conf'),
  /** What the pinner makes; the run folder itself is root's alone. */
  pinnerFolder: join(layout.run, 'pinner'),
  journal: join(layout.run, 'pinner', 'bindings.journal'),
  pinnerSocket: join(layout.run, 'pinner', 'pinner.sock'),
  /** Which generation folders the pinner has active and staged, for its restart. */
  pinnerState: join(layout.run, 'pinner', 'state.json'),
  /** Held by a restore that is under way. */
  restoreLock: join(layout.run, 'restore.lock'),
  supervisorSocket: join(layout.run, 'supervisor.sock'),
  supervisorLock: join(layout.run, 'supervisor.lock'),
  /** Where the daemon asks root for activations; the guard listens. */
  activationSocket: join(layout.run, 'activation.sock'),
  /** What the guard saw last, for programs that may not ask the kernel. */
  guardReport: join(layout.run, 'guard-report.json'),
  guardFolder: join(layout.run, 'guard'),
  /** What the daemon makes. */
  daemonFolder: join(layout.run, 'daemon'),
  daemonSocket: join(layout.run, 'daemon', 'daemon.sock'),
  daemonQuerySocket: join(layout.run, 'daemon', 'query.sock'),
  namedDenials: join(layout.named, 'log', 'denials.log'),
  pinnerDenials: join(layout.run, 'log', 'pinner-denials.jsonl'),
  nflogRecords: join(layout.run, 'log', 'nflog.json'),
  /** Connections that the kernel has forgotten, as ulogd2 writes them. */
  endedFlows: join(layout.run, 'log', 'flows.json'),
  /** A line for each record of a commit or of the guard that the disk did not take. */
  lostRecords: join(layout.run, 'lost-records'),
  decisions: join(layout.log, 'decisions.jsonl'),
  /** Allowed flows that have ended. */
  flows: join(layout.log, 'flows.jsonl'),
  /** What every commit did, and what the daemon could not record. */
  commits: join(layout.log, 'commits.jsonl'),
  omissions: join(layout.log, 'omissions.jsonl'),
  telemetryFolder: join(layout.state, 'telemetry'),
  /** Present while an import waits for its confirmation; see `src/services/guard/confirmation.ts`. */
  confirmation: join(layout.state, 'confirm.json'),
  /** Present while it is not settled whether the files of a backup stay; see `src/conf_mode/backup/restore-journal.ts`. */
  restoreJournal: join(layout.state, 'restore.json'),
  /** Alerts of the guard, and those of the daemon, which is not root and has a file of its own. */
  alerts: join(layout.log, 'alerts.jsonl'),
  daemonAlerts: join(layout.log, 'daemon-alerts.jsonl'),
  alertsFolder: join(layout.state, 'alerts'),
  /** Default deny for the client interfaces, loaded at boot before anything that can fail. */
  closedRuleset: join(layout.state, 'closed.nft'),
})

/** Files inside a generation's folder that more than one program knows. */
export const generationFiles = (folder: string) => ({
  plan: join(folder, 'plan'),
  /** What was loaded for it, mark included, but printed for an empty kernel: loads wherever the table is gone. */
  ruleset: join(folder, 'ruleset.nft'),
  /** Default deny for its client interfaces, printed for an empty kernel. */
  closed: join(folder, 'closed.nft'),
})
