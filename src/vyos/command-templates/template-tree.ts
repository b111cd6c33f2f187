/** `node.def` files by their path below the template folder; folders that hold none need no entry. */
export type TemplateTree = Map<string, string>

/** Writes a node.def unless one with content is there: of nodes that several files describe the first wins. */
export function addTemplate(tree: TemplateTree, path: readonly string[], text: () => string): void {
  const file = [...path, 'node.def'].join('/')
  if ((tree.get(file) ?? '') === '') tree.set(file, text())
}

/** What VyOS's tools, written in Python, print for the text of an element that has none. */
export const orNone = (text: string | undefined): string => (text === undefined || text === '' ? 'None' : text)
