import { mount, unmount } from 'svelte'
import { afterEach, expect, test, vi } from 'vitest'
import Body from './Body.svelte'

let shown: ReturnType<typeof mount> | undefined

afterEach(() => (shown ? unmount(shown) : undefined))

function show(text: string): void {
  document.body.replaceChildren()
  shown = mount(Body, { target: document.body, props: { body: [{ runs: [{ text, formula: true }] }] } })
}

test('E62: a formula is drawn, with its TeX beside it for who reads it otherwise', async () => {
  show('\\frac{1}{2}')
  expect(document.querySelector('code')?.textContent).toBe('\\frac{1}{2}')
  await vi.waitFor(() => expect(document.querySelector('math mfrac')).not.toBeNull(), 5000)
  expect(document.querySelector('annotation')?.textContent).toBe('\\frac{1}{2}')
  expect(document.querySelector('code')).toBeNull()
})

test('E62: what cannot be drawn stays TeX', async () => {
  show('\\frac{')
  await new Promise((done) => setTimeout(done, 300))
  expect(document.querySelector('math')).toBeNull()
  expect(document.querySelector('code')?.textContent).toBe('\\frac{')
})
