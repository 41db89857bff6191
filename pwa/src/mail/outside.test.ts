// @vitest-environment node
import { describe, expect, test } from 'vitest'
import { mayWriteOutside } from './rules.ts'
import { isForeign, isOutside, keyOf, namesOf, outsiderIn } from './outside.ts'

describe('an address that is typed', () => {
  test.each([
    ['accueil@musee.example', 'mail:accueil@musee.example', 'accueil@musee.example'],
    [' Accueil@MUSEE.example ', 'mail:Accueil@musee.example', 'Accueil@musee.example'],
    ['Le musée <accueil@musee.example>', 'mail:accueil@musee.example', 'Le musée'],
    ['"Musée, accueil" <accueil@musee.example>', 'mail:accueil@musee.example', 'Musée, accueil'],
    ['<a.b+c@d-e.example>', 'mail:a.b+c@d-e.example', 'a.b+c@d-e.example'],
  ])('%s', (typed, key, name) => expect(outsiderIn(typed)).toEqual({ key, name }))

  test.each([
    '',
    'musée',
    'a@b',
    'a@@b.example',
    'a@b.example c@d.example',
    'é@b.example',
    'a@b..example',
    '.a@b.example',
    'a.@b.example',
    'a@-b.example',
    `${'a'.repeat(120)}@b.example`,
  ])('%j is none', (typed) => expect(outsiderIn(typed)).toBeUndefined())
})

test('E9 who writes outside is for the school to say', () => {
  expect(mayWriteOutside(undefined, ['teacher'])).toBe(false)
  expect(mayWriteOutside({ external: [] }, ['teacher'])).toBe(false)
  expect(mayWriteOutside({ external: ['teacher'] }, ['guardian', 'teacher'])).toBe(true)
  expect(mayWriteOutside({ external: ['teacher'] }, ['student'])).toBe(false)
})

test('an author from outside is written to by address', () => {
  expect(keyOf({ id: 'outside:x/a@b.example' })).toBe('mail:a@b.example')
  expect(keyOf({ id: 'ga' })).toBe('user:ga')
  expect(isForeign({ id: 'outside:x/a@b.example' })).toBe(true)
  expect(isOutside({ key: 'user:ga' })).toBe(false)
})

test('E113 names go along for those that have one', () => {
  const people = [
    { key: 'mail:a@b.example', name: 'Le musée' },
    { key: 'mail:c@d.example', name: 'c@d.example' },
    { key: 'user:ga', name: 'Mme Garnier' },
  ]
  expect(namesOf(people)).toEqual({ 'mail:a@b.example': 'Le musée' })
})
