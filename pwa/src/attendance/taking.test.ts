// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Roll } from '../sync/index.ts'
import { Excuse } from './excuse.svelte.ts'
import { Taking } from './taking.svelte.ts'

const lesson = { date: '2026-11-24', start: '08:00', end: '09:00' }
const by = { id: 'garnier', name: 'Mme Garnier' }

/** What a device keeps, and what it was asked to do. */
function kept() {
  const disk = new Map<string, unknown>()
  const acts: { scope: string; name: string; args: unknown }[] = []
  const device = {
    act: (scope: string, name: string, args: unknown) => Promise.resolve(acts.push({ scope, name, args })),
    local: {
      get: (key: string) => Promise.resolve(disk.get(key)),
      set: (key: string, value: unknown) => Promise.resolve(void disk.set(key, structuredClone(value))),
      delete: (key: string) => Promise.resolve(void disk.delete(key)),
    },
    files: { put: () => Promise.resolve({ sha: 'sha256-1' }) },
  }
  return { disk, acts, device: device as unknown as ConstructorParameters<typeof Excuse>[0] }
}

function roll(calls: Roll['calls']): Roll {
  return { course: 'k', subject: 'fr', audience: 'class:5b', ...lesson, by, at: 1, calls }
}

describe('P6: a roll being taken', () => {
  test('vie scolaire takes it in the office, of a course or of a permanence', async () => {
    const { device, acts } = kept()
    for (const whose of [{ course: 'k' }, { audience: 'class:5b' }]) {
      const taking = new Taking(device, { ...whose, office: 'office:x' }, lesson)
      await taking.load()
      await taking.set('ines', { state: 'absent' }, undefined)
      await taking.send(undefined)
      const args = { ...whose, ...lesson, calls: [{ student: 'ines', state: 'absent' }] }
      expect(acts.at(-1)).toEqual({ scope: 'office:x', name: 'attendance.correct@1', args })
    }
  })

  test('outlives the app, and is sent once', async () => {
    const { device, acts, disk } = kept()
    const taking = new Taking(device, { course: 'k' }, lesson)
    await taking.load()
    await taking.set('ines', { state: 'absent' }, undefined)
    await taking.set('malo', { state: 'late', minutes: 10 }, undefined)
    await taking.set('malo', { state: 'present' }, undefined)
    const again = new Taking(device, { course: 'k' }, lesson)
    await again.load()
    expect(again.of('ines', undefined).state).toBe('absent')
    await again.send(undefined)
    expect(acts).toEqual([
      {
        ...{ scope: 'course:k', name: 'attendance.roll@1' },
        args: { ...lesson, calls: [{ student: 'ines', state: 'absent' }] },
      },
    ])
    expect(disk.size).toBe(0)
  })

  test('says which versions it has seen, and can be taken back', async () => {
    const { device, acts } = kept()
    const taking = new Taking(device, { course: 'k' }, lesson)
    const before = roll({ ines: [{ state: 'absent', by, at: 5 }] })
    await taking.set('ines', { state: 'present' }, before)
    const undo = await taking.send(before)
    const after = roll({
      ines: [
        { state: 'absent', by, at: 5 },
        { state: 'present', by, at: 9, seen: [5] },
      ],
    })
    await taking.restore(undo, after)
    expect(acts.map((one) => (one.args as { calls: unknown }).calls)).toEqual([
      [{ student: 'ines', state: 'present', seen: [5] }],
      [{ student: 'ines', state: 'absent', seen: [9] }],
    ])
  })
})

describe('P6: a justification in the making', () => {
  test('outlives the app, with its photos, and is sent once', async () => {
    const { device, acts, disk } = kept()
    const page = { bytes: new ArrayBuffer(1), type: 'image/jpeg', width: 1, height: 1 } as const
    const excuse = new Excuse(device, 'ines', 'new', () => Promise.resolve(page))
    excuse.text = 'Fièvre '
    await excuse.add([new Blob(['x'])])
    const again = new Excuse(device, 'ines', 'new')
    await again.load()
    expect([again.text, again.files]).toEqual(['Fièvre ', ['sha256-1']])
    const undo = await again.remove('sha256-1')
    expect(again.files).toEqual([])
    await undo()
    await again.send({ kind: 'absence', from: '2026-11-24T08:00', to: '2026-11-24T09:00' })
    expect(acts[0]).toMatchObject({
      ...{ scope: 'student:ines', name: 'attendance.justify@1' },
      args: { kind: 'absence', reason: '', text: 'Fièvre', files: ['sha256-1'] },
    })
    expect(disk.size).toBe(0)
  })
})
