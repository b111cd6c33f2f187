/** One way in which a value may satisfy a definition. */
export type Check =
  | { readonly type: 'regex'; readonly pattern: string }
  | { readonly type: 'validator'; readonly name: string; readonly argument: string }

export interface ValueHelp {
  /** VyOS's name of a format: `u32:1-65535`, `ipv4`, `txt`, or a literal value. */
  readonly format: string
  readonly description: string
}

/** Where completions come from. */
export interface Completion {
  /** Literal values. */
  readonly list: readonly string[]
  /** Configuration paths whose children are offered. */
  readonly paths: readonly string[]
  /** Command lines of VyOS's completion scripts. */
  readonly scripts: readonly string[]
}

/** What `<properties>` says. */
export interface Properties {
  readonly help: string
  /** Any one of these suffices; none: every value is accepted. */
  readonly constraint: readonly Check[]
  /** Each group must hold entirely. */
  readonly constraintGroups: readonly (readonly Check[])[]
  readonly constraintErrorMessage: string
  readonly valueHelp: readonly ValueHelp[]
  readonly completion: Completion
  readonly multi: boolean
  readonly valueless: boolean
  readonly hidden: boolean
  readonly secret: boolean
  /** Owners are called in ascending order. */
  readonly priority?: number
}

/** A node of the configuration language, as an interface definition describes it. */
export interface Definition extends Properties {
  readonly kind: 'node' | 'tag' | 'leaf'
  readonly name: string
  /** Script that is called when something below changes, as written in the XML. */
  readonly owner?: string
  readonly defaultValue?: string
  readonly children: ReadonlyMap<string, Definition>
}

/** A command of operational mode. */
export interface OpDefinition {
  readonly kind: 'node' | 'tag' | 'leaf'
  readonly name: string
  readonly help: string
  readonly completion: Completion
  /** Shell command with `$1`, `$2`… for the words typed; absent where the words alone do nothing. */
  readonly command?: string
  readonly children: readonly OpDefinition[]
}

/** File name of an owner's script without folder and `.py`: `service_clawgress`. */
export function ownerName(owner: string): string {
  const script = owner.split(' ')[0]!
  return script.slice(script.lastIndexOf('/') + 1).replace(/\.py$/, '')
}
