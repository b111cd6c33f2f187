/** Where a policy comes from, in a few words; `fileState` goes behind the file's name. */
export function sourceText(
  { policyFile, config }: { readonly policyFile?: string | undefined; readonly config?: true | undefined },
  fileState = '',
): string {
  if (policyFile === undefined) return config === true ? 'none, the configuration holds the policy' : 'none'
  return `${policyFile}${fileState}${config === true ? ', and the configuration adds to it' : ''}`
}
