// @vitest-environment node
import { expect, test } from 'vitest'
import fr from '../i18n/fr.json'
import { commandOf, keymap } from './keymap.ts'

const press = (key: string, held = {}) => ({ key, altKey: false, ctrlKey: false, metaKey: false, ...held })

test('no key means two things, and all are explained', () => {
  const all = keymap.flatMap(({ keys }) => keys)
  expect(new Set(all).size).toBe(all.length)
  for (const { label } of keymap) expect(Object.keys(fr)).toContain(label)
})

test.each([
  ['r', true, 'reply'],
  ['ArrowDown', true, 'next'],
  ['Delete', false, 'bin'],
  ['r', false, undefined],
  ['?', false, undefined],
  ['R', true, undefined],
])('%s with single signs %s', (key, signs, means) => {
  expect(commandOf(press(key), signs)).toBe(means)
})

test.each(['altKey', 'ctrlKey', 'metaKey'])('what is held with %s is the browser’s', (held) => {
  expect(commandOf(press('r', { [held]: true }), true)).toBeUndefined()
})
