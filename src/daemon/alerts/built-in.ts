/** Alerts that need no rule: what each is about, by its event. Rules, records and receivers see these codes. */
export const BUILT_IN_ALERTS = {
  'policy.violation-spike': 'Far more denials in a group than it usually has.',
  'client.first-denial': 'A name was refused to a client that never had one refused before.',
  'service.down': 'A service of the gateway does not run.',
  'generation.not-proven':
    'What stands in the kernel is not the generation that was proven, or a commit failed to prove.',
  'policy-file.changed': 'The policy file was edited or removed, and not imported.',
  'certificate.expiry': 'A certificate that the gateway serves, or trusts a webhook by, ends soon or has ended.',
  'api-key.expiry': 'A key of the API ends soon or has ended.',
  'upstream.failing': 'A name server does not answer, or allowed names do not resolve.',
} as const

export type BuiltInAlert = keyof typeof BUILT_IN_ALERTS
