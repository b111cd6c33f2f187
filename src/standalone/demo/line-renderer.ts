/**
 * Turns what a program draws on a terminal into plain lines, for output that goes to a file or a pipe: carriage
 * returns, backspaces and the cursor and erase sequences of line editors are applied (ECMA-48: CHA, CUF, CUB, ED, EL),
 * all others are dropped.
 */
export class LineRenderer {
  private line: string[] = []
  private cursor = 0
  private pending = ''
  private readonly write: (text: string) => void

  constructor(write: (text: string) => void) {
    this.write = write
  }

  feed(text: string): void {
    const input = this.pending + text
    this.pending = ''
    let at = 0
    while (at < input.length) {
      if (input[at] !== '\x1b') {
        this.character(input[at++]!)
        continue
      }
      const sequence = /^\x1b(?:\[([0-9;?]*)([@-~])|[^[])/.exec(input.slice(at, at + 32))
      if (sequence === null) {
        this.pending = input.length - at < 32 ? input.slice(at) : ''
        return
      }
      this.control(sequence[2] ?? '', Number.parseInt(sequence[1] ?? '', 10))
      at += sequence[0].length
    }
  }

  /** Writes an unfinished last line. */
  end(): void {
    if (this.line.length > 0) this.character('\n')
  }

  /** The last line as it stands, with what follows its last word: a prompt ends in a space. */
  unfinished(): string {
    return this.line.join('')
  }

  private character(character: string): void {
    if (character === '\n') {
      this.write(`${this.line.join('').trimEnd()}\n`)
      this.line = []
      this.cursor = 0
    } else if (character === '\r') this.cursor = 0
    else if (character === '\b') this.cursor = Math.max(0, this.cursor - 1)
    else if (character >= ' ' || character === '\t') {
      while (this.line.length < this.cursor) this.line.push(' ')
      this.line[this.cursor++] = character
    }
  }

  private control(final: string, parameter: number): void {
    const count = Number.isNaN(parameter) ? 1 : Math.max(1, parameter)
    if (final === 'G') this.cursor = count - 1
    else if (final === 'C') this.cursor += count
    else if (final === 'D') this.cursor = Math.max(0, this.cursor - count)
    else if ((final === 'J' || final === 'K') && !(parameter > 0))
      this.line.length = Math.min(this.line.length, this.cursor)
  }
}
