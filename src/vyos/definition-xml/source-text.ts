import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fail } from '../../base/errors.ts'

const INCLUDE = /^ *#include <([^\n]+)>\n?$/
const MAX_INCLUDE_DEPTH = 16
const MAX_CHARACTERS = 16 * 1024 * 1024

/** Where a part of a definition was written. `line` is 1-based. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** A definition file with its includes in place, which still knows where each line came from. */
export class SourceText {
  readonly text: string
  readonly #starts: readonly number[]
  readonly #places: readonly Place[]

  constructor(lines: readonly (Place & { readonly text: string })[]) {
    this.text = lines.map((line) => line.text).join('')
    let offset = 0
    this.#starts = lines.map((line) => {
      const start = offset
      offset += line.text.length
      return start
    })
    this.#places = lines.map(({ file, line }) => ({ file, line }))
  }

  /** Place of the character at `offset` (0-based, in UTF-16 units). */
  placeAt(offset: number): Place {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return this.#places[low] ?? { file: '', line: 1 }
  }
}

/** Python's reading of text, which VyOS's tools do, knows one kind of line end. */
function linesOf(file: string, from: Place | undefined): string[] {
  try {
    const text = readFileSync(file, 'utf8').replaceAll(/\r\n?/g, '\n')
    return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  } catch (error) {
    fail('definition.invalid', `The file ${file} cannot be read: ${(error as Error).message}.`, from ?? { file })
  }
}

/** Files that an include names: one, or with `*` and `?` in its last part all that match, by name. */
function includedFiles(path: string, from: Place): string[] {
  const pattern = basename(path)
  if (!/[*?]/.test(pattern)) return [path]
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
  const matches = new RegExp(`^${source.replaceAll('*', '[^.].*').replaceAll('?', '.')}$`)
  let names: string[]
  try {
    names = readdirSync(dirname(path)).filter((name) => matches.test(name))
  } catch {
    names = []
  }
  if (names.length === 0) fail('definition.invalid', `No file matches the include ${path}.`, from)
  return names.sort().map((name) => join(dirname(path), name))
}

/**
 * Reads a definition file and puts the files of its `#include <file>` lines in their place. Every include, also one
 * inside an included file, is looked up beside the first file; nothing is added where an included file ends without a
 * line end. Source: vyos-1x, scripts/transclude-template; patterns in an include: vyos-1x of 2026.
 * @throws ClawgressError definition.invalid for files that cannot be read and includes that go round in a circle
 */
export function readSource(file: string): SourceText {
  const folder = dirname(resolve(file))
  let characters = 0
  const read = (path: string, stack: readonly string[], from?: Place): (Place & { text: string })[] =>
    linesOf(path, from).flatMap((text, index) => {
      const place = { file: path, line: index + 1 }
      characters += text.length
      if (characters > MAX_CHARACTERS) fail('definition.invalid', 'The file with its includes is too large.', place)
      const include = INCLUDE.exec(text)?.[1]
      if (include === undefined) return [{ ...place, text }]
      return includedFiles(resolve(folder, include), place).flatMap((next) => {
        if (next === resolve(path) || stack.includes(next) || stack.length >= MAX_INCLUDE_DEPTH) {
          fail('definition.invalid', `The include of ${include} leads back to itself.`, place)
        }
        return read(next, [...stack, next], place)
      })
    })
  return new SourceText(read(file, [resolve(file)]))
}

/** The text that VyOS's transclude-template prints for a definition file. */
export const transclude = (file: string): string => `${readSource(file).text}\n`
