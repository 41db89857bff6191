import { describe, expect, test } from 'vitest'
import type { Local } from '../sync/local.ts'
import { askOf, knownOf } from './about.ts'

const now = Date.parse('2026-11-30T08:00:00Z')
const film = { title: 'Le film', from: 'Mme Garnier', files: 2, size: 12, until: '2026-12-07T09:00:00Z' }

function local(): Local & { held: Map<string, unknown> } {
  const held = new Map<string, unknown>()
  return {
    held,
    get: <T>(key: string) => Promise.resolve(held.get(key) as T | undefined),
    set: (key, value) => Promise.resolve(void held.set(key, value)),
    delete: (key) => Promise.resolve(void held.delete(key)),
  }
}

/** A school that answers so, to the short question and to the one for the page. */
function school(about: number | Response, page = 404): typeof fetch {
  return (_, init) => {
    if (init?.method === 'HEAD') return Promise.resolve(new Response(null, { status: page }))
    return Promise.resolve(typeof about === 'number' ? new Response('{}', { status: about }) : about)
  }
}

describe('what a link leads to', () => {
  test('is known without a network once it was heard, until it ends', async () => {
    const here = local()
    expect(await askOf(here, 'a', { ask: school(Response.json(film)), now })).toEqual(film)
    const away = { ask: () => Promise.reject(new Error('offline')), now }
    expect(await askOf(here, 'a', away)).toBeUndefined()
    expect(await knownOf(here, 'a', now)).toEqual(film)
    expect(await knownOf(here, 'a', Date.parse(film.until))).toBeUndefined()
    expect(JSON.stringify([...here.held.values()])).not.toContain('film')
  })

  test('is forgotten with whatever else has ended', async () => {
    const here = local()
    const past = { ...film, until: '2026-12-01T09:00:00Z' }
    await askOf(here, 'a', { ask: school(Response.json(past)), now })
    await knownOf(here, 'b', Date.parse(past.until) + 1)
    expect(JSON.stringify([...here.held.values()])).not.toContain('film')
  })

  test('is gone, or locked, as the page says; and then nothing of it is kept', async () => {
    const here = local()
    await askOf(here, 'a', { ask: school(Response.json(film)), now })
    expect(await askOf(here, 'a', { ask: school(404, 401), now })).toBe('locked')
    expect(await knownOf(here, 'a', now)).toBeUndefined()
    expect(await askOf(here, 'a', { ask: school(404, 404), now })).toBe('gone')
  })

  test.each([
    ['a fault of the school', school(500)],
    ['a page that is not there to ask', school(404, 503)],
    ['nonsense', school(new Response('<html>'))],
    ['half of it', school(Response.json({ title: 'x' }))],
    ['an end that is none', school(Response.json({ ...film, until: 'soon' }))],
  ])('is not learned from %s', async (_, ask) => {
    const here = local()
    expect(await askOf(here, 'a', { ask, now })).toBeUndefined()
    expect(here.held.size).toBe(0)
  })
})
