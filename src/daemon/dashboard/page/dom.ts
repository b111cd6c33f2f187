import { printable } from './printable.ts'

export type Child = Node | string

/** Attributes by name; `class` too. Handlers of events are added by the caller. */
type Attributes = Readonly<Record<string, string | undefined>>

/** An element with text and elements inside. Text never becomes markup, and is made printable. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(name, printable(value))
  made.append(...children.map((child) => (typeof child === 'string' ? printable(child) : child)))
  return made
}

/** The element of index.html with that id. */
export function byId<Found extends HTMLElement = HTMLElement>(id: string): Found {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found as Found
}

/** A button that does something. */
export function button(text: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text)
  made.addEventListener('click', onClick)
  return made
}

/**
 * A table with a caption for those who do not see it, and a header cell at the beginning of each row. Roles are said,
 * because a browser may take a table that the stylesheet lays out otherwise for none.
 */
export function table(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly Child[])[],
  look?: string,
): HTMLTableElement {
  const row = { role: 'row' }
  const head = header.map((text) => element('th', { scope: 'col', role: 'columnheader' }, text))
  const body = rows.map(([first = '', ...rest]) =>
    element(
      'tr',
      row,
      element('th', { scope: 'row', role: 'rowheader' }, first),
      ...rest.map((cell) => element('td', { role: 'cell' }, cell)),
    ),
  )
  const group = { role: 'rowgroup' }
  return element(
    'table',
    { class: look, role: 'table' },
    element('caption', { class: 'hidden' }, caption),
    element('thead', group, element('tr', row, ...head)),
    element('tbody', group, ...body),
  )
}

/** Terms with their descriptions. */
export function facts(entries: readonly (readonly [string, Child])[]): HTMLDListElement {
  return element(
    'dl',
    { class: 'facts' },
    ...entries.flatMap(([term, description]) => [element('dt', {}, term), element('dd', {}, description)]),
  )
}

/** Replaces what is inside, unless it is the same text: nothing is announced or selected anew for nothing. */
export function setText(target: HTMLElement, text: string): void {
  const shown = printable(text)
  if (target.textContent !== shown) target.textContent = shown
}

/** A bar for a share of 0 to 1, which the number beside it tells as well. */
export function bar(share: number): HTMLElement {
  const made = element('span', { class: 'bar', 'aria-hidden': 'true' })
  made.style.setProperty('--share', String(Math.max(0, Math.min(1, share))))
  return made
}
