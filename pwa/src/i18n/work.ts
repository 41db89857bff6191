/** The words that the list of work adds to those (build/words.ts). */
import fr from './fr.json'

const words: Readonly<Record<string, string>> = fr
export default words
