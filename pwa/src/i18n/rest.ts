/** The words that the first screens do not need: the build leaves out those (build/words.ts). */
import fr from './fr.json'

const words: Readonly<Record<string, string>> = fr
export default words
