import { ClawgressError } from '../../base/errors.ts'
import type { ConfigDict } from '../../vyos/index.ts'

/** What a session does before it commits. Paths are words below `service clawgress`, the value of a leaf last. */
export interface ConfigurationChange {
  readonly remove: readonly (readonly string[])[]
  readonly set: readonly (readonly string[])[]
  /** Comments on nodes, each in one line. */
  readonly remarks?: readonly { readonly path: readonly string[]; readonly text: string }[]
  /** For the list of commits. */
  readonly comment: string
  /** Write config.boot, so that the change outlives a reboot. */
  readonly save: boolean
  /** What `running` told when the change was made; the change is refused where the node is another by then. */
  readonly expected?: ConfigDict
}

/** What a session said; where it is not `ok`, the configuration is as it was. */
export interface ChangeResult {
  readonly ok: boolean
  readonly said: string
  /** Present where the change is in force, but could not be written to config.boot. */
  readonly unsaved?: true
  /** Present where the node was no longer as the change expected. */
  readonly outdated?: true
}

/**
 * A commit that is under way still, or left neither the old nor the new: what belongs to the old configuration must not
 * be put back by who asked for it, because the new one may be in force or come into force.
 */
export class UnsettledCommit extends ClawgressError {}

/** The configuration system of the machine: VyOS's, or our own where there is no VyOS. */
export interface ConfigurationSession {
  /** `service clawgress` in the running configuration, without defaults; undefined where it is not configured. */
  running(): Promise<ConfigDict | undefined>
  /**
   * Makes the change and commits it; one without any paths is only saved. Throws ClawgressError where the configuration
   * system cannot be used, and where its commit broke off and changed nothing; UnsettledCommit where it is not known to.
   */
  change(change: ConfigurationChange): Promise<ChangeResult>
}
