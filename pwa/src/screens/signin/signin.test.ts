import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SignIn } from './signin.svelte'

let answer: () => Promise<Response>

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', () => answer())
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function refused(
  status: number,
  body: object,
  headers: Record<string, string> = {},
): () => Promise<Response> {
  return () => Promise.resolve(Response.json(body, { status, headers }))
}

function filled(): SignIn {
  const form = new SignIn()
  form.login = ' ines.benali '
  form.password = 'secret'
  return form
}

describe('signing in', () => {
  test('says what is missing before asking anybody', async () => {
    const form = new SignIn()
    await form.submit()
    expect(form.problem).toBe('no_login')
    form.login = 'ines'
    await form.submit()
    expect(form.problem).toBe('no_password')
  })

  test('a wrong password', async () => {
    answer = refused(401, { error: { code: 'wrong_credentials' } })
    const form = filled()
    await form.submit()
    expect([form.problem, form.busy]).toEqual(['wrong', undefined])
  })

  test('too many tries: counts down, then lets try again', async () => {
    answer = refused(429, { error: { code: 'throttled' } }, { 'Retry-After': '3' })
    const form = filled()
    await form.submit()
    expect([form.problem, form.wait]).toEqual(['throttled', 3])
    await vi.advanceTimersByTimeAsync(3000)
    expect(form.problem).toBeUndefined()
  })

  test('no network', async () => {
    answer = () => Promise.reject(new TypeError('failed to fetch'))
    const form = filled()
    await form.submit()
    expect(form.problem).toBe('offline')
  })

  test('too many devices: offers which one to end', async () => {
    const devices = [{ id: 'd1', label: 'iPhone', lastSeen: '2026-11-01T00:00:00Z' }]
    answer = refused(409, { error: { code: 'too_many_devices' }, devices })
    const form = filled()
    await form.submit()
    expect([form.problem, form.held]).toEqual(['too_many_devices', devices])
  })
})
