const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** End of the run of digits that starts at `from`. */
function endOfDigits(text: string, from: number): number {
  let end = from
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  return end
}

function compareNumbers(a: string, b: string): number {
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}

/**
 * Order in which VyOS lists nodes: by character, runs of digits by their number (`eth2` before `eth10`).
 * Source: vyos1x-config, lexical_numeric_compare.c.
 */
export function compareNames(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(j)
    if (isDigit(left) && isDigit(right)) {
      const leftEnd = endOfDigits(a, i)
      const rightEnd = endOfDigits(b, j)
      const order = compareNumbers(a.slice(i, leftEnd), b.slice(j, rightEnd))
      if (order !== 0) return order
      i = leftEnd
      j = rightEnd
    } else if (left !== right) {
      return left - right
    } else {
      i++
      j++
    }
  }
  return a.length - i - (b.length - j) || (a < b ? -1 : a > b ? 1 : 0)
}
