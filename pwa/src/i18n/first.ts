/** The words that come with the app: the build leaves out all others (build/words.ts). */
import fr from './fr.json'

const words: Readonly<Record<string, string>> = fr
export default words
