import 'fake-indexeddb/auto'
import { File as Bytes } from 'node:buffer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { beginWith, isLetter } from '../../../mail/drafts.ts'
import { isNeeded, type Opening, type Stock } from '../../../mail/heavy.ts'
import { callBack, grace, release, type Carrier } from '../../../mail/leaving.ts'
import { linkOf } from '../../../transfers/link.ts'
import { Courier } from '../../../transfers/sending.ts'
import {
  newId,
  openDevice,
  type Addressee,
  type Device,
  type Draft,
  type Outgoing,
} from '../../../sync/index.ts'
import { Composer } from './compose.svelte'

/** A device that never reaches the server: all that it does is on its disk. */
let device: Device
let made: Composer[] = []
const user = 'me'
const scope = `user:${user}`
const name = (key: string): Addressee => ({ key, name: key })
const said = (text: string): Draft['body'] => [{ runs: [{ text }] }]
const garnier = { key: 'user:ga', name: 'Mme Garnier' }

beforeEach(async () => {
  device = await openDevice({
    user,
    device: 'd_1',
    name: newId(),
    fresh: () => Promise.reject(new Error('offline')),
    fetch: () => Promise.reject(new Error('offline')),
  })
})
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(made.map((one) => one.leave())) // what they have to say is said before the device closes
  made = []
  device.close()
})

function compose(id: string, extra?: ConstructorParameters<typeof Composer>[3]): Composer {
  const one = new Composer(device, id, name, extra)
  made.push(one)
  return one
}

async function composer(id: string): Promise<Composer> {
  const one = compose(id)
  await one.load()
  return one
}

const outbox = (): Promise<Outgoing[]> => device.read((view) => view.outbox())
const done = async (): Promise<string[]> => (await outbox()).map((one) => one.name)
const sent = async (): Promise<string[]> => (await outbox()).filter(isLetter).map((one) => one.name)
const draftRow = (id: string) => device.read((view) => view.get(scope, 'draft', id))

describe('a draft', () => {
  test('is on the disk at each keystroke, and found again', async () => {
    const id = newId()
    const first = await composer(id)
    first.change({ subject: 'Abs' })
    first.change({ body: said('Bonjour') })
    await vi.waitFor(() => expect(first.kept).toBe(true))
    expect((await composer(id)).draft).toMatchObject({ subject: 'Abs', body: said('Bonjour') })
    expect(await done()).toEqual([])
  })

  test('goes to the other devices on leaving; what nobody wrote does not', async () => {
    const id = newId()
    const made = await composer(id)
    await made.leave()
    expect(await done()).toEqual([])
    made.change({ subject: 'Absence' })
    await made.leave()
    await made.leave()
    expect(await done()).toEqual(['mail.draft@1'])
    expect((await draftRow(id))?.value.subject).toBe('Absence')
  })

  test('of another device is not written over: both are kept', async () => {
    const id = newId()
    const made = await composer(id)
    made.change({ subject: 'Absence', body: said('ici') })
    await made.heard({ subject: 'Absence', to: [], body: said('là-bas'), at: '2026-11-26T10:00:00Z' }, 7)
    expect(made.draft.body).toEqual(said('ici'))
    expect(made.aside).toBe(true)
    const drafts = await device.read((view) => view.list(scope, 'draft'))
    expect(drafts.map((row) => row.value.body)).toEqual([said('là-bas')])
  })

  test('is written over what was seen, and nothing newer', async () => {
    const id = newId()
    const made = await composer(id)
    const act = vi.spyOn(device, 'act')
    await made.heard({ subject: 'Absence', to: [], body: said('là-bas'), at: '2026-11-26T10:00:00Z' }, 7)
    made.change({ body: said('là-bas et ici') })
    await made.leave()
    expect(act).toHaveBeenLastCalledWith(scope, 'mail.draft@1', expect.objectContaining({ id }), { base: 7 })
    act.mockRestore()
  })

  test('is thrown away, and brought back', async () => {
    const id = newId()
    const made = await composer(id)
    made.change({ subject: 'Absence' })
    await made.leave()
    const undo = await made.discard()
    expect(await draftRow(id)).toBeUndefined()
    await undo()
    expect((await composer(id)).draft.subject).toBe('Absence')
  })

  test('E118, E119 begins with people of the address book', async () => {
    const id = await beginWith(device, { to: [garnier] })
    expect((await composer(id)).draft.to).toEqual([garnier])
  })
})

describe('sending', () => {
  async function ready(id: string): Promise<Composer> {
    const made = await composer(id)
    made.change({ to: [garnier], subject: 'Absence', body: said('Bonjour') })
    return made
  }

  test('E58 says what is missing instead', async () => {
    const made = await composer(newId())
    expect(await made.send(200)).toBeUndefined()
    expect(made.faults.map((fault) => fault.field)).toEqual(['to', 'subject', 'body'])
    made.change({ subject: 'Absence' })
    expect(made.faults.map((fault) => fault.field)).toEqual(['to', 'body'])
  })

  test('waits a moment, then is in the outbox, once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], now: Date.now() })
    const id = newId()
    const made = await ready(id)
    await made.send(200)
    expect(await sent()).toEqual([])
    await vi.advanceTimersByTimeAsync(grace)
    await vi.waitFor(async () => expect(await sent()).toEqual(['mail.send@1']))
    await release(device)
    await made.leave()
    await made.close()
    expect(await sent()).toEqual(['mail.send@1'])
    expect((await outbox()).at(-1)?.args).toMatchObject({ draft: id, to: ['user:ga'], subject: 'Absence' })
  })

  test('is called back: a draft again, and nothing was sent', async () => {
    const id = newId()
    const back = await (await ready(id)).send(200)
    expect(await back?.()).toBe(true)
    await release(device)
    expect(await sent()).toEqual([])
    expect((await composer(id)).draft.subject).toBe('Absence')
  })

  test('opening the draft within that moment calls it back too', async () => {
    const id = newId()
    await (await ready(id)).send(200)
    expect((await composer(id)).draft.subject).toBe('Absence')
    await release(device)
    expect(await sent()).toEqual([])
  })

  test('an app closed within that moment sends it when it is opened again', async () => {
    const id = newId()
    await (await ready(id)).send(200)
    await release(device)
    expect(await sent()).toEqual(['mail.send@1'])
    expect(await callBack(device, id)).toBe(false)
  })

  test('too late to call it back', async () => {
    const back = await (await ready(newId())).send(200)
    await release(device)
    expect(await back?.()).toBe(false)
    expect(await sent()).toEqual(['mail.send@1'])
  })
})

describe('E67–E72 attachments', () => {
  // The browser of these tests has files that cannot be read.
  const file = (name: string, bytes: number, fill = 1): File =>
    new Bytes([new Uint8Array(bytes).fill(fill)], name, { type: 'application/pdf' }) as unknown as File

  test('ten at most, ten megabytes in all, and what was left out is named', async () => {
    const made = await composer(newId())
    await made.attach([file('a.pdf', 6 << 20), file('b.pdf', 5 << 20), file('c.pdf', 9)])
    expect(made.draft.files?.map((one) => one.name)).toEqual(['a.pdf', 'c.pdf'])
    expect(made.over).toEqual({ code: 'too_large', names: ['b.pdf'] })
    await made.attach(Array.from({ length: 10 }, (_, i) => file(`${String(i)}.pdf`, 10, i)))
    expect(made.draft.files).toHaveLength(10)
    expect(made.over).toEqual({ code: 'too_many', names: ['8.pdf', '9.pdf'] })
    expect(made.busy).toBe(0)
  })

  test('the same file twice is one', async () => {
    const made = await composer(newId())
    await made.attach([file('a.pdf', 5), file('a.pdf', 5)])
    expect(made.draft.files).toHaveLength(1)
  })

  test('is taken out, put back, and let go of when nothing names it', async () => {
    const made = await composer(newId())
    await made.attach([file('a.pdf', 5)])
    const sha = made.draft.files?.[0]?.sha ?? ''
    made.detach(sha)()
    expect(made.draft.files).toHaveLength(1)
    made.detach(sha)
    await made.close()
    expect(await device.files.has(sha)).toBe(false)
  })

  test('E71 what is chosen among the documents counts like the others', async () => {
    const made = await composer(newId())
    const shas = Array.from({ length: 11 }, (_, i) => `sha256-${String(i).padStart(64, '0')}`)
    made.enclose([{ sha: shas[0] ?? '', name: 'gros.pdf', type: 'application/pdf', size: 11 << 20 }])
    expect(made.over).toEqual({ code: 'too_large', names: ['gros.pdf'] })
    made.enclose(shas.map((sha) => ({ sha, name: 'x.pdf', type: 'application/pdf', size: 5 })))
    made.enclose(shas.slice(0, 1).map((sha) => ({ sha, name: 'x.pdf', type: 'application/pdf', size: 5 })))
    expect(made.draft.files).toHaveLength(10)
    expect(made.over?.code).toBeUndefined()
  })

  describe('E68 what does not fit leaves by a link', () => {
    /** The real one, that sends nothing. */
    let courier: Courier
    let stock: Stock & Carrier
    let writing: Composer[]
    beforeEach(() => {
      writing = []
      courier = new Courier(
        newId(),
        () => undefined,
        () => Promise.reject(new Error('offline')),
      )
      stock = {
        hold: (...args) => courier.hold(...args),
        parts: async (id) => (await courier.held()).filter((one) => one.id === id).map(({ part }) => part),
        drop: (id, part) => courier.dropOne(id, part),
        free: (id) => courier.free(id),
        resume: () => Promise.resolve(),
      }
    })
    afterEach(async () => {
      for (const one of writing) await one.leave()
      await courier.close()
    })

    const carrier = () => Promise.resolve(stock)
    async function heavy(id: string): Promise<Composer> {
      const made = compose(id, { stock })
      writing.push(made)
      await made.load()
      return made
    }
    const film = (title = 'film.mp4'): File => file(title, 11 << 20)

    test('with a note, and stays in the draft over a reload', async () => {
      const id = newId()
      const made = await heavy(id)
      await made.attach([film(), file('a.pdf', 9)])
      expect(made.draft.files?.map((one) => one.name)).toEqual(['a.pdf'])
      expect(made.heavy.files).toMatchObject([{ name: 'film.mp4', size: 11 << 20 }])
      expect(made.over).toBeUndefined()
      await made.close()
      expect((await heavy(id)).heavy.files).toMatchObject([{ name: 'film.mp4' }])
      expect(await draftRow(id)).toBeDefined()
      expect(await courier.ways()).toEqual(new Map())
    })

    test('the eleventh file as well', async () => {
      const made = await heavy(newId())
      await made.attach(Array.from({ length: 11 }, (_, i) => file(`${String(i)}.pdf`, 10, i)))
      expect(made.draft.files).toHaveLength(10)
      expect(made.heavy.files).toMatchObject([{ name: '10.pdf' }])
    })

    test('taken out of the draft it is let go of; taken back, it is there', async () => {
      const made = await heavy(newId())
      await made.attach([film('a.mp4'), film('b.mp4')])
      made.lighten(0)()
      expect(made.heavy.files.map((one) => one.name)).toEqual(['a.mp4', 'b.mp4'])
      made.lighten(0)
      await made.close()
      expect(await stock.parts(made.heavy.id)).toEqual([1])
    })

    test('the transfer is opened before the message that has its link', async () => {
      const id = newId()
      const made = await heavy(id)
      made.change({ to: [garnier], subject: 'Sortie' })
      await made.attach([film('a.mp4'), film('b.mp4'), film('c.mp4')])
      made.lighten(1)
      await made.send(200)
      expect(await done()).not.toContain('transfer.open@1')
      await release(device, carrier)
      const acts = (await outbox()).filter((one) => one.name !== 'mail.draft@1')
      expect(acts.map((one) => one.name)).toEqual(['transfer.open@1', 'mail.send@1'])
      const [opening, letter] = acts.map((one) => one.args) as [Opening, { body: Draft['body'] }]
      expect(opening).toMatchObject({ id: made.heavy.id, title: 'Sortie', days: 7 })
      expect(opening.files.map((one) => one.name)).toEqual(['a.mp4', 'c.mp4'])
      expect(letter.body).toEqual([{ runs: [expect.objectContaining({ link: linkOf(opening.secret) })] }])
      expect((await courier.ways()).get(opening.id)).toMatchObject({ bytes: 22 << 20, sent: 0 })
    })

    test('called back, there is no transfer, and the draft is as it was', async () => {
      const id = newId()
      const made = await heavy(id)
      made.change({ to: [garnier], subject: 'Sortie', body: said('Voici') })
      await made.attach([film()])
      const back = await made.send(200)
      expect(await back?.()).toBe(true)
      await release(device, carrier)
      expect(await done()).not.toContain('transfer.open@1')
      const again = await heavy(id)
      expect(again.draft.body).toEqual(said('Voici'))
      expect(again.heavy.files).toMatchObject([{ name: 'film.mp4' }])
    })

    test('thrown away and brought back, with what is heavy', async () => {
      const id = newId()
      const made = await heavy(id)
      await made.attach([film()])
      const undo = await made.discard()
      await made.close()
      expect(await isNeeded(device, id, made.heavy.id, 0)).toBe(false)
      await undo()
      expect((await heavy(id)).heavy.files).toMatchObject([{ name: 'film.mp4' }])
    })

    test('of a draft that another device threw away nothing is kept', async () => {
      const id = newId()
      const made = await heavy(id)
      await made.attach([film()])
      await made.leave()
      const later = Date.now() + 2 * 3_600_000
      expect(await isNeeded(device, id, made.heavy.id, 0, later)).toBe(true)
      expect(await isNeeded(device, id, made.heavy.id, 1, later)).toBe(false)
      await device.act(scope, 'mail.discard@1', { ids: [id] })
      expect(await isNeeded(device, id, made.heavy.id, 0)).toBe(true)
      expect(await isNeeded(device, id, made.heavy.id, 0, later)).toBe(false)
    })
  })

  test('a photo becomes a page, and loses what the camera wrote in it', async () => {
    const bytes = await new Bytes(['ab'], 'x').arrayBuffer()
    const page = { bytes, type: 'image/jpeg' as const, width: 2, height: 1 }
    const made = compose(newId(), { prepare: () => Promise.resolve(page) })
    await made.load()
    await made.attach([
      new Bytes([new Uint8Array([0xff, 0xd8, 0xff, 0xe1])], 'IMG_1.JPEG', {
        type: 'image/jpeg',
      }) as unknown as File,
    ])
    expect(made.draft.files).toEqual([
      expect.objectContaining({ name: 'IMG_1.jpg', type: 'image/jpeg', size: 2 }),
    ])
  })
})
