/** Text of the file in a sentence: bounded, and no control character reaches a terminal. */
export const quote = (text: string): string => {
  const printable = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
  return printable.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16).padStart(4, '0')}}`
  })
}
