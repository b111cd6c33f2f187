export async function runDemo(_name: string, _options: { keep: boolean }): Promise<boolean> {
  return false
}
