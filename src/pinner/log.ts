import pino, { type Logger } from 'pino'

/** Log of the process: JSON lines to standard error, which systemd or the supervisor keeps. */
export const openLog = (): Logger =>
  pino(
    { name: 'clawgress-pinner', level: process.env.CLAWGRESS_LOG_LEVEL ?? 'info' },
    pino.destination({ fd: 2, sync: true }),
  )
