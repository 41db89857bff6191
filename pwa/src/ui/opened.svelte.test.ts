import { flushSync } from 'svelte'
import { expect, test } from 'vitest'
import { opened } from './opened.svelte.ts'

test('what arrives while a dialog is open does not begin it anew', () => {
  let open = $state<{ of: string } | undefined>()
  let held = $state('as it was')
  let typed = ''
  const end = $effect.root(() =>
    opened(
      () => open !== undefined,
      () => (typed = held),
    ),
  )
  flushSync()
  expect(typed).toBe('')

  flushSync(() => (open = { of: 'a pupil' }))
  expect(typed).toBe('as it was')
  typed = 'what somebody types'
  flushSync(() => (held = 'what a pull brings'))
  flushSync(() => (open = { of: 'a pupil' }))
  expect(typed).toBe('what somebody types')

  flushSync(() => (open = undefined))
  flushSync(() => (open = { of: 'a pupil' }))
  expect(typed).toBe('what a pull brings')
  end()
})
