import { z } from 'zod'
import { readSettingsFile } from '../settings-file.ts'

/** How the why page is served: written by a commit into the generation's folder, read by the daemon. */
export const whySettings = z.strictObject({
  name: z.string(),
  /** Addresses in canonical form. */
  listen: z.array(z.string()).min(1),
  /** How to ask for access, in the operator's words. */
  contact: z.exactOptional(z.string().max(800)),
  /** PEM; absent: http only. */
  tls: z.exactOptional(z.strictObject({ certificate: z.string(), key: z.string() })),
})

export type WhySettings = z.infer<typeof whySettings>

/** Name of the settings in a generation's folder. Absent there: there is no such page. */
export const WHY_SETTINGS_FILE = 'why-page.json'

/** Undefined where the file does not exist. Throws where it is no settings file of this version. */
export const readWhySettings = (path: string): WhySettings | undefined => readSettingsFile(path, whySettings)
