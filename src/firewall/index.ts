export { heldSetName, pinSetName, TABLE } from './names.ts'
export { PinError, type PinFailure, type PinOperation, PinWriter, type SetAddress } from './pin-writer.ts'
