import { isHeld } from '../../../../src/services/file-lock.ts'

/** Asks again and again, until it is killed, whether the lock of the file that it is called with is held. */
const file = process.argv[2]!
process.stdout.write('looking\n')
for (;;) isHeld(file)
