import { depthBit, finishHash, HASH_START, hashOctet, KIND, KINDS } from '../policy/index.ts'
import type { NameList } from './name-lists.ts'

const DOT = 0x2e
const MAX_NAME = 253

const EXACT_KINDS = (1 << KIND.allow) | (1 << KIND.deny) | (1 << KIND.label)
const BELOW_KINDS = (1 << KIND.allowBelow) | (1 << KIND.denyBelow) | (1 << KIND.labelBelow)

const LABEL_ORDER = [KIND.label, KIND.allow, KIND.deny]

/** Without a look at the table where there is only one: most entries of large lists say nothing but a name. */
const attributeOf = (list: NameList, entry: number): number =>
  list.classOf.length === 1 ? 0 : list.table.attributes[entry]!

/**
 * Looks a name up together with all its suffixes, from the top-level domain down, so that what is found later is
 * more specific. Reused for every question, so that a question allocates nothing; results are valid until the next.
 */
export class SuffixWalk {
  /** Octets of the name. */
  length = 0
  /** The text was in normal form already. */
  isNormal = true
  /** Most specific entries found, with the list they are in; -1: none. */
  allowEntry = -1
  allowList = 0
  denyEntry = -1
  denyList = 0
  label: string | undefined
  /** Classes of all allowing entries, each once. */
  readonly classes: number[] = []
  classCount = 0
  private readonly name = new Uint8Array(MAX_NAME + 1)
  private readonly found = new Int32Array(KINDS)

  /** False where the text cannot be a name; nothing is found then. */
  run(lists: readonly NameList[], text: string): boolean {
    this.allowEntry = -1
    this.denyEntry = -1
    this.label = undefined
    this.classCount = 0
    if (!this.take(text)) return false
    const { name, length } = this
    let state = HASH_START
    let labels = 0
    for (let at = length - 1; at >= 0; at--) {
      state = hashOctet(state, name[at]!)
      if (at === 0 || name[at - 1] === DOT) this.ask(lists, at, finishHash(state), depthBit(++labels))
    }
    return true
  }

  /** Lower case and without trailing dot, though callers should have seen to both. */
  private take(text: string): boolean {
    const length = text.charCodeAt(text.length - 1) === DOT ? text.length - 1 : text.length
    if (length < 1 || length > MAX_NAME) return false
    let isNormal = length === text.length
    let previous = DOT
    for (let i = 0; i < length; i++) {
      const octet = text.charCodeAt(i)
      if (octet <= 0x20 || octet > 0x7e || (octet === DOT && previous === DOT)) return false
      previous = octet
      const isUpper = octet >= 0x41 && octet <= 0x5a
      this.name[i] = isUpper ? octet + 32 : octet
      if (isUpper) isNormal = false
    }
    if (previous === DOT) return false
    this.length = length
    this.isNormal = isNormal
    return true
  }

  private ask(lists: readonly NameList[], at: number, hash: number, depth: number): void {
    const exact = at === 0
    const first = exact ? 0 : 1
    for (let i = lists.length - 1; i >= 0; i--) {
      const list = lists[i]!
      if (!exact && (list.table.wildcardDepths & depth) === 0) continue
      const kinds = list.table.find(this.name, at, this.length, hash, this.found) & (exact ? EXACT_KINDS : BELOW_KINDS)
      if (kinds === 0) continue
      this.takeLabel(list, kinds, first)
      if ((kinds & (1 << (KIND.allow + first))) !== 0) {
        this.allowEntry = this.found[KIND.allow + first]!
        this.allowList = i
        this.addClass(list.classOf[attributeOf(list, this.allowEntry)]!)
      }
      if ((kinds & (1 << (KIND.deny + first))) !== 0) {
        this.denyEntry = this.found[KIND.deny + first]!
        this.denyList = i
      }
    }
  }

  /** An entry's own label goes before one from the map of labels for the same name; deny before allow. */
  private takeLabel(list: NameList, kinds: number, first: number): void {
    if (list.labels.length === 1 && list.labels[0] === undefined) return
    for (const base of LABEL_ORDER) {
      const kind = base + first
      if ((kinds & (1 << kind)) !== 0) this.label = list.labels[attributeOf(list, this.found[kind]!)] ?? this.label
    }
  }

  private addClass(id: number): void {
    for (let i = 0; i < this.classCount; i++) if (this.classes[i] === id) return
    this.classes[this.classCount++] = id
  }
}
