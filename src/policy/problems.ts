import type { ErrorCode } from '../base/error-catalogue.ts'
import { ClawgressError, type Problem } from '../base/errors.ts'
import { formatPath, type JsonPath, locate } from './json/locate.ts'
import { placeOf } from './json/place.ts'

/** Problems that are told one by one; the rest are counted. */
const TOLD_PROBLEMS = 50

interface Found {
  readonly code: ErrorCode
  readonly message: string
  readonly path: JsonPath
  /** Octet to point at; absent: where the path leads, to the key or to the value. */
  readonly offset?: number
  readonly at: 'key' | 'value'
}

/** Problems found while a policy is read; bounded, and placed in the file only when they are told. */
export class ProblemList {
  count = 0
  private readonly found: Found[] = []

  add(code: ErrorCode, path: JsonPath, message: string, place: { at?: 'key' | 'value'; offset?: number } = {}): void {
    this.count++
    if (this.found.length < TOLD_PROBLEMS) this.found.push({ code, path, message, at: 'value', ...place })
  }

  /** In file order, each with path, line and column; after the first 50 a last one with the count of the others. */
  tell(bytes: Buffer, file: string | undefined): Problem[] {
    const offsets = locate(
      bytes,
      this.found.map((problem) => problem.path),
    )
    const withFile = file === undefined ? {} : { file }
    const placed = this.found
      .map((problem, i) => ({ problem, offset: problem.offset ?? offsets[i]?.[problem.at] ?? 0 }))
      .sort((a, b) => a.offset - b.offset)
    const told: Problem[] = placed.map(({ problem: { code, message, path }, offset }) => {
      return { code, message, path: formatPath(path), ...withFile, ...placeOf(bytes, offset) }
    })
    return [...told, ...this.untold(withFile)]
  }

  /** The same for a policy that lies in no file: in the order in which they were found. */
  tellPlaces(place: (path: JsonPath) => string): Problem[] {
    const told = this.found.map(({ code, message, path }) => ({ code, message, path: place(path) }))
    return [...told, ...this.untold({})]
  }

  private untold(where: Pick<Problem, 'file'>): Problem[] {
    const rest = this.count - this.found.length
    return rest === 0 ? [] : [{ code: this.found[0]!.code, message: `${rest} more of these are not shown.`, ...where }]
  }

  /** Throws all of them where there are any. */
  throwIfAny(bytes: Buffer, file: string | undefined): void {
    if (this.count > 0) throw new ClawgressError(this.tell(bytes, file))
  }
}
