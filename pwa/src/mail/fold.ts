/** Text as it is compared: without accents and capitals. */
const ligatures: Readonly<Record<string, string>> = { œ: 'oe', æ: 'ae', ß: 'ss', '’': "'" }
const folded = new Map<string, string>()

/** Plain small letters: "Élève d’Ys" becomes "eleve d'ys". Most of a text needs nothing done to it. */
export function fold(text: string): string {
  return text.toLowerCase().replace(/[^ -~\s]/gu, (letter) => {
    const known = folded.get(letter)
    if (known !== undefined) return known
    const plain = ligatures[letter] ?? letter.normalize('NFD').replace(/\p{M}/gu, '')
    folded.set(letter, plain)
    return plain
  })
}
