import { emitKeypressEvents } from 'node:readline'
import { ClawgressError, formatProblem } from '../../base/errors.ts'
import { completionText, formatOffers, offersFor } from './completion.ts'
import { type Key, LineEditor } from './line-editor.ts'
import type { Shell } from './shell.ts'

const { stdin, stdout } = process

/** Runs the shell on this process's terminal until the operator leaves it. */
export async function runTerminal(shell: Shell): Promise<void> {
  const keys = new KeyQueue()
  const editor = new LineEditor()
  emitKeypressEvents(stdin)
  stdin.on('keypress', (_, key: Key) => keys.push(key))
  stdin.on('end', () => keys.close())
  openPrompt(shell, editor)
  while (!shell.ended) {
    const key = await keys.next()
    if (key === undefined) break
    await act(shell, editor, key)
  }
  setRaw(false)
  stdin.pause()
  stdin.removeAllListeners('keypress')
}

async function act(shell: Shell, editor: LineEditor, key: Key): Promise<void> {
  switch (editor.press(key)) {
    case 'submit':
      return run(shell, editor, editor.take())
    case 'end':
      return run(shell, editor, 'exit')
    case 'interrupt':
      editor.clear()
      stdout.write('^C\n')
      return openPrompt(shell, editor)
    case 'clear-screen':
      stdout.write('\x1b[H\x1b[2J')
      return openPrompt(shell, editor)
    case 'help':
      return showHelp(shell, editor)
    case 'complete':
      return complete(shell, editor)
    case 'redraw':
      return draw(shell, editor)
  }
}

async function run(shell: Shell, editor: LineEditor, line: string): Promise<void> {
  stdout.write('\n')
  // programs that the command starts get the terminal as they expect it
  setRaw(false)
  stdin.pause()
  // Ctrl-C ends what the command started, not the shell
  const ignore = () => {}
  process.on('SIGINT', ignore)
  try {
    await shell.execute(line)
  } catch (error) {
    stdout.write(`${describe(error)}\n`)
  } finally {
    process.off('SIGINT', ignore)
  }
  if (!shell.ended) openPrompt(shell, editor)
}

function describe(error: unknown): string {
  if (error instanceof ClawgressError) return error.problems.map(formatProblem).join('\n')
  return `The command failed: ${error instanceof Error ? error.message : String(error)}`
}

function openPrompt(shell: Shell, editor: LineEditor): void {
  stdout.write(shell.prompt().heading)
  setRaw(true)
  stdin.resume()
  draw(shell, editor)
}

function setRaw(raw: boolean): void {
  if (stdin.isTTY) stdin.setRawMode(raw)
}

function showHelp(shell: Shell, editor: LineEditor): void {
  stdout.write(formatOffers(offersFor(shell, editor.textBeforeCursor)))
  stdout.write(shell.prompt().heading)
  draw(shell, editor)
}

function complete(shell: Shell, editor: LineEditor): void {
  const offers = offersFor(shell, editor.textBeforeCursor)
  const text = completionText(offers)
  if (text === '') {
    showHelp(shell, editor)
  } else {
    editor.insert(text)
    draw(shell, editor)
  }
}

/** Draws prompt and line anew; a line that is too long for the terminal scrolls sideways. */
function draw(shell: Shell, editor: LineEditor): void {
  const prompt = shell.prompt().text
  const room = Math.max(10, (stdout.columns ?? 80) - prompt.length - 1)
  const start = Math.max(0, editor.cursor - room)
  const visible = editor.characters.slice(start, start + room).join('')
  const back = Math.min(editor.characters.length, start + room) - editor.cursor
  stdout.write(`\r${prompt}${visible}\x1b[K${back > 0 ? `\x1b[${back}D` : ''}`)
}

/** Keys in the order typed; those typed ahead wait while a command runs. */
class KeyQueue {
  readonly #keys: Key[] = []
  #closed = false
  #wake: () => void = () => {}

  push(key: Key): void {
    this.#keys.push(key)
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#wake()
  }

  async next(): Promise<Key | undefined> {
    while (this.#keys.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#keys.shift()
  }
}
