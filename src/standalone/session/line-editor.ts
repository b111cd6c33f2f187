/** A key as node:readline names it. */
export interface Key {
  readonly sequence?: string | undefined
  readonly name?: string | undefined
  readonly ctrl?: boolean | undefined
  readonly meta?: boolean | undefined
}

/** What a key asks of the terminal, beyond a change of the line. */
export type Action = 'submit' | 'complete' | 'help' | 'interrupt' | 'end' | 'clear-screen' | 'redraw'

const MAX_LINE = 64 * 1024
const MAX_HISTORY = 1000

/** The line being typed, with its history: keys in, text out. Knows nothing of a terminal. */
export class LineEditor {
  /** Characters as a reader counts them, so that the cursor never stands inside one. */
  #characters: string[] = []
  #cursor = 0
  #killed = ''
  readonly #history: string[] = []
  /** Index into the history; its length stands for the line being typed. */
  #recalled = 0
  #draft = ''

  get text(): string {
    return this.#characters.join('')
  }

  /** In characters. */
  get cursor(): number {
    return this.#cursor
  }

  get characters(): readonly string[] {
    return this.#characters
  }

  get textBeforeCursor(): string {
    return this.#characters.slice(0, this.#cursor).join('')
  }

  insert(text: string): void {
    const added = [...text].filter((character) => character >= ' ' && character !== '\x7f')
    if (this.#characters.length + added.length > MAX_LINE) return
    this.#characters.splice(this.#cursor, 0, ...added)
    this.#cursor += added.length
  }

  clear(): void {
    this.#characters = []
    this.#cursor = 0
    this.#recalled = this.#history.length
  }

  /** Ends the line: gives it back, remembers it, starts an empty one. */
  take(): string {
    const { text } = this
    if (text.trim() !== '' && text !== this.#history.at(-1)) this.#history.push(text)
    if (this.#history.length > MAX_HISTORY) this.#history.shift()
    this.clear()
    return text
  }

  press(key: Key): Action {
    if (key.ctrl) return this.#control(key.name)
    if (key.meta) return this.#meta(key.name)
    switch (key.name) {
      case 'return':
      case 'enter':
        return 'submit'
      case 'tab':
        return 'complete'
      case 'backspace':
        this.#deleteBefore(1)
        break
      case 'delete':
        this.#characters.splice(this.#cursor, 1)
        break
      case 'left':
        this.#move(this.#cursor - 1)
        break
      case 'right':
        this.#move(this.#cursor + 1)
        break
      case 'home':
        this.#move(0)
        break
      case 'end':
        this.#move(this.#characters.length)
        break
      case 'up':
        this.#recall(-1)
        break
      case 'down':
        this.#recall(1)
        break
      default:
        if (key.sequence === '?' && !this.#isInQuotes()) return 'help'
        if (key.sequence !== undefined && !key.sequence.startsWith('\x1b')) this.insert(key.sequence)
    }
    return 'redraw'
  }

  #control(name: string | undefined): Action {
    switch (name) {
      case 'c':
        return 'interrupt'
      case 'd':
        if (this.#characters.length === 0) return 'end'
        this.#characters.splice(this.#cursor, 1)
        break
      case 'l':
        return 'clear-screen'
      case 'a':
        this.#move(0)
        break
      case 'e':
        this.#move(this.#characters.length)
        break
      case 'b':
        this.#move(this.#cursor - 1)
        break
      case 'f':
        this.#move(this.#cursor + 1)
        break
      case 'h':
        this.#deleteBefore(1)
        break
      case 'j':
      case 'm':
        return 'submit'
      case 'k':
        this.#killed = this.#characters.splice(this.#cursor).join('')
        break
      case 'u':
        this.#deleteBefore(this.#cursor)
        break
      case 'w':
        this.#deleteBefore(this.#cursor - this.#wordStart())
        break
      case 'y':
        this.insert(this.#killed)
        break
      case 'p':
        this.#recall(-1)
        break
      case 'n':
        this.#recall(1)
        break
    }
    return 'redraw'
  }

  #meta(name: string | undefined): Action {
    if (name === 'b') this.#move(this.#wordStart())
    if (name === 'f') {
      const rest = this.#characters.slice(this.#cursor).join('')
      this.#move(this.#cursor + [...(/^\s*\S*/.exec(rest)?.[0] ?? '')].length)
    }
    return 'redraw'
  }

  #move(to: number): void {
    this.#cursor = Math.max(0, Math.min(this.#characters.length, to))
  }

  #deleteBefore(count: number): void {
    const start = Math.max(0, this.#cursor - count)
    const removed = this.#characters.splice(start, this.#cursor - start)
    if (removed.length > 1) this.#killed = removed.join('')
    this.#cursor = start
  }

  #wordStart(): number {
    return [...this.textBeforeCursor.replace(/\S+\s*$/, '')].length
  }

  #recall(step: number): void {
    const to = this.#recalled + step
    if (to < 0 || to > this.#history.length) return
    if (this.#recalled === this.#history.length) this.#draft = this.text
    this.#recalled = to
    this.#characters = [...(this.#history[to] ?? this.#draft)]
    this.#cursor = this.#characters.length
  }

  #isInQuotes(): boolean {
    const before = this.textBeforeCursor.replace(/'[^']*'|"[^"]*"/g, '')
    return /['"]/.test(before)
  }
}
