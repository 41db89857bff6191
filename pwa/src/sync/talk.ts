/** What is needed to talk with the server, in a file of its own: a person's device shows what it holds without. */
export { mutators } from './mutators.ts'
export { Rounds } from './round.ts'
export { Sender } from './upload.ts'
