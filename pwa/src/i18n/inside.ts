/** The words that the first screens inside add to those of the frame (build/words.ts). */
import fr from './fr.json'

const words: Readonly<Record<string, string>> = fr
export default words
