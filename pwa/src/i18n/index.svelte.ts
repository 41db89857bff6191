/**
 * Every sentence of the interface: t('work.empty.title', { name }).
 *
 * Keys live in fr.json (complete, the source of the types) and en.json (loaded when chosen). The words of the
 * frame come with the app, those of the first screens with these; the rest of French follows when they stand,
 * and other screens wait for it.
 * A key may have variants, chosen here and never by the caller:
 *   key#one, key#other   plural of params.count, by Intl.PluralRules
 *   key@tu               said to pupils; the bare key is said to adults ("vous")
 *   key@tu#one …         both
 * Params are named: "{name} a rendu {count} pages". Numbers are formatted for the language.
 */
import type fr from './fr.json'
import first from './first'

type Bare<K> = K extends `${infer B}@${string}` ? B : K extends `${infer B}#${string}` ? B : K
export type Key = Bare<keyof typeof fr>
export type Params = Record<string, string | number>
export type Language = 'fr' | 'en'
type Messages = Readonly<Record<string, string>>

let french: Messages = first

class Speech {
  language = $state<Language>('fr')
  informal = $state(false)
  messages = $state.raw<Messages>(french)
  /** The school's own time zone; the device's until it is known. */
  timeZone = $state<string | undefined>(undefined)
}

export const speech = new Speech()

/** More words of French, from the screens that speak them. */
export function learn(words: Messages): void {
  const shown = speech.messages === french
  french = { ...french, ...words }
  if (shown) speech.messages = french
}

let rest: Promise<void> | undefined

/** The rest of French. Asked for again where it could not be had. */
export function allWords(): Promise<void> {
  rest ??= import('./rest').then(
    ({ default: words }) => learn(words),
    (fault: unknown) => {
      rest = undefined
      throw fault
    },
  )
  return rest
}

/** Changes the language of the whole interface, at once. */
export async function speak(language: Language): Promise<void> {
  const messages: Messages = language === 'en' ? (await import('./en.json')).default : french
  speech.messages = messages
  speech.language = language
  document.documentElement.lang = language
}

/** Says "tu" to pupils and "vous" to everyone else. */
export function address(informal: boolean): void {
  speech.informal = informal
}

export function t(key: Key, params: Params = {}): string {
  return fill(find(speech.messages, key, params) ?? find(french, key, params) ?? key, params)
}

/** The same, for a key that comes from outside (an error code): undefined when there is no such sentence. */
export function known(key: string, params: Params = {}): string | undefined {
  const text = find(speech.messages, key, params) ?? find(french, key, params)
  return text === undefined ? undefined : fill(text, params)
}

function find(messages: Messages, key: string, params: Params): string | undefined {
  const count = params.count
  const plural = typeof count === 'number' ? `#${category(count)}` : ''
  const stems = speech.informal ? [`${key}@tu`, key] : [key]
  for (const stem of stems) {
    const text = messages[stem + plural] ?? (plural && messages[`${stem}#other`]) ?? messages[stem]
    if (text) return text
  }
  return undefined
}

function category(count: number): Intl.LDMLPluralRule {
  return new Intl.PluralRules(speech.language).select(count)
}

/** No line begins with the signs that French sets off with a space. */
export function bound(text: string): string {
  return text.replace(/ (?=[:;?!»])|(?<=«) /g, '\u00a0')
}

function fill(text: string, params: Params): string {
  return bound(text).replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = params[name]
    if (value === undefined) return hole
    return typeof value === 'number' ? number(value) : value
  })
}

export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(speech.language, options).format(value)
}
