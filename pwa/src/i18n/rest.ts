/** All words but those that come with the app: the build leaves out these (build/words.ts). */
import fr from './fr.json'

const words: Readonly<Record<string, string>> = fr
export default words
