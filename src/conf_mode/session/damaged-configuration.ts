/** Names that the kernel gives interfaces, in quotes or not (dev_valid_name of Linux, less what no VyOS allows). */
const INTERFACE = /^\s*interface (["']?)([A-Za-z0-9][A-Za-z0-9_.:-]{0,14})\1\s*$/

/**
 * Client interfaces of `service clawgress` in the text of a configuration that cannot be parsed, as far as whole lines
 * tell them; none where it says `disable`. What surrounds `clawgress` may be damaged in any way.
 */
export function clientInterfacesNamed(text: string): readonly string[] {
  // A line without its end may be one that was cut off, and name another interface.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  const found = new Set<string>()
  let open: string[] = []
  for (const line of lines) {
    const opened = /^\s*(\S+)(?:\s.*)?\{\s*$/.exec(line)?.[1]
    if (opened === 'clawgress') open = [opened]
    else if (open.length === 0) continue
    else if (opened !== undefined) open.push(opened)
    else if (/^\s*\}\s*$/.test(line)) open.pop()
    else if (open.length === 1 && /^\s*disable\s*$/.test(line)) return []
    else if (open.at(-1) === 'client') {
      const name = INTERFACE.exec(line)?.[2]
      if (name !== undefined) found.add(name)
    }
  }
  return [...found]
}
