// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ago, day, dayKey, due, duration, hour, size, stamp } from './dates'
import en from './en.json'
import fr from './fr.json'
import { bound, address, known, speech, t } from './index.svelte'

const bare = (key: string) => key.replace(/[@#].*$/, '')
const holes = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((hole) => hole[1]))].sort()

beforeEach(() => {
  speech.timeZone = 'Europe/Paris'
})
afterEach(() => {
  speech.language = 'fr'
  speech.messages = fr
  address(false)
})

describe('sentences', () => {
  test('English says all that French says', () => {
    const missing = new Set(Object.keys(fr).map(bare))
    for (const key of Object.keys(en)) missing.delete(bare(key))
    expect([...missing]).toEqual([])
  })

  test('a translation names nothing that the original does not', () => {
    const french = new Map<string, Set<string | undefined>>()
    for (const [key, text] of Object.entries(fr))
      french.set(bare(key), new Set([...(french.get(bare(key)) ?? ['count']), ...holes(text)]))
    const strange = Object.entries(en).filter(([key, text]) =>
      holes(text).some((hole) => !french.get(bare(key))?.has(hole)),
    )
    expect(strange).toEqual([])
  })

  test('a plural has its other form', () => {
    for (const messages of [fr, en] as Record<string, string>[])
      for (const key of Object.keys(messages).filter((one) => one.endsWith('#one')))
        expect(
          messages[key.replace('#one', '#other')] ?? messages[key.replace('#one', '')],
          key,
        ).toBeDefined()
  })

  test('"tu" to pupils, "vous" to the others', () => {
    expect(t('devices.intro')).toContain('votre')
    address(true)
    expect(t('devices.intro')).toContain('ton')
    expect(t('ui.back')).toBe('Retour')
  })

  test('French counts zero as one', () => {
    expect(t('staff.pupils', { count: 0 })).toBe('0 élève')
    expect(t('staff.pupils', { count: 2 })).toBe('2 élèves')
    speech.language = 'en'
    speech.messages = en
    expect(t('staff.pupils', { count: 0 })).toBe('0 pupils')
  })

  test('no line begins with a colon or a question mark', () => {
    expect(bound('Inès : « oui » ; et vous ?')).toBe('Inès\u00a0: «\u00a0oui\u00a0»\u00a0; et vous\u00a0?')
    expect(t('error.offline')).toBe(bound(t('error.offline')))
  })

  test('an unknown code has no sentence', () => {
    expect(known('error.nonsense')).toBeUndefined()
    expect(known('error.offline')).toBe('Pas de réseau pour le moment.')
  })
})

describe('dates as people say them', () => {
  const now = new Date('2026-11-23T17:00:00Z')

  test.each([
    ['2026-11-24T07:00:00Z', 'demain, 8 h'],
    ['2026-11-23T18:30:00Z', 'aujourd’hui, 19 h 30'],
    ['2026-11-26T07:00:00Z', 'jeudi, 8 h'],
    ['2026-12-03T07:05:00Z', 'jeudi 3 décembre, 8 h 05'],
    ['2026-12-01T07:05:00Z', 'mardi 1er décembre, 8 h 05'],
    ['2026-11-22T22:59:00Z', 'hier, 23 h 59'],
  ])('%s is due %s', (when, said) => {
    expect(due(when, now).replace(/\s/g, ' ')).toBe(said)
  })

  test('the school’s day, not the device’s', () => {
    expect(dayKey('2026-11-23T23:30:00Z')).toBe('2026-11-24')
    speech.timeZone = 'Indian/Reunion'
    expect(day('2026-11-23T20:30:00Z', now)).toBe('demain')
  })

  test('a clock change in between is still one day', () => {
    expect(day('2026-10-25T07:00:00Z', '2026-10-24T21:00:00Z')).toBe('demain')
    expect(hour('2026-10-25T07:00:00Z').replace(/\s/g, ' ')).toBe('8 h')
  })

  test('English', () => {
    speech.language = 'en'
    speech.messages = en
    expect(due('2026-11-24T07:00:00Z', now)).toBe('tomorrow, 8 am')
    expect(due('2026-11-24T16:30:00Z', now)).toBe('tomorrow, 5:30 pm')
  })

  test('short', () => {
    expect(stamp('2026-11-23T06:55:00Z', now)).toBe('07:55')
    expect(stamp('2026-11-22T17:41:00Z', now)).toBe('hier 18:41')
    expect(ago('2026-11-23T16:59:50Z', now)).toBe('à l’instant')
    expect(duration(102).replace(/\s/g, ' ')).toBe('1 min 42 s')
    expect(duration(59).replace(/\s/g, ' ')).toBe('59 s')
    expect(size(182_400).replace(/\s/g, ' ')).toBe('182 ko')
    expect(size(1_440_000).replace(/\s/g, ' ')).toBe('1,4 Mo')
  })
})
