/** The files of transfers that leave this device, as screens see them; there is one courier, however many screens. */
import { keep } from '../app/keep'
import { session } from '../app/session.svelte'
import { isNeeded } from '../mail/heavy.ts'
import { newId } from '../sync/index.ts'
import { Keys, type Sealed } from './keys.ts'
import { namesOf, newSecret, type Chosen } from './link.ts'
import { manifestFile } from './manifest.ts'
import { newKey, newSalt } from './seal.ts'
import { Courier, sizeOf, type Kept, type Way } from './sending.ts'

/** As many as one act names. */
const atOnce = 200

class Sendings {
  ways = $state.raw<ReadonlyMap<string, Way>>(new Map())
  paused = $state(false)
  /** The keys that this device has. */
  sealed = $state.raw<ReadonlyMap<string, Sealed>>(new Map())
  #courier: Courier | undefined
  #user = ''

  /** Goes on with what waits. */
  async resume(): Promise<void> {
    await this.#know()
    await this.#sweep()
    await this.#look()
    if (this.ways.size > 0) void this.#get().run()
  }

  /** Keeps the files and names them to the school; the link is good at once. */
  async send(
    files: readonly Chosen[],
    { title, days, password, seal }: { title: string; days: number; password: string; seal: boolean },
  ): Promise<string> {
    const id = newId()
    const courier = this.#get()
    keep('sending', true)
    const kept = seal ? await this.#sealed(id, files, title) : plain(files)
    await courier.keep(id, 0, kept)
    const named = kept.map((one) => ({ name: one.name, type: one.type, size: sizeOf(one) }))
    const scope = `user:${session.id}`
    const first = {
      id,
      secret: newSecret(),
      title: seal ? '' : title,
      days,
      files: named.slice(0, atOnce),
      ...(password && { password }),
      ...(seal && { sealed: true as const }),
    }
    await session.device.act(scope, 'transfer.open@1', first)
    for (let from = atOnce; from < named.length; from += atOnce)
      await session.device.act(scope, 'transfer.add@1', { id, from, files: named.slice(from, from + atOnce) })
    await this.#look()
    void this.#start(courier)
    return id
  }

  /** Keeps a file of a letter that is being written. */
  async hold(draft: string, id: string, part: number, file: File): Promise<void> {
    keep('sending', true)
    await this.#get().hold(draft, id, part, file)
  }

  /** Which files of a letter are here. */
  async parts(id: string): Promise<number[]> {
    return (await this.#get().held()).filter((one) => one.id === id).map(({ part }) => part)
  }

  async drop(id: string, part: number): Promise<void> {
    await this.#get().dropOne(id, part)
  }

  async free(id: string): Promise<void> {
    await this.#get().free(id)
  }

  /** Files with a new key for them, and under numbers, which is all that the school is told. */
  async #sealed(id: string, files: readonly Chosen[], title: string): Promise<Kept[]> {
    const key = newKey()
    const names = namesOf(files)
    const size = names.reduce((sum, one) => sum + one.size, 0)
    await this.#keys().keep({ id, key, title, files: files.length, size })
    await this.#know()
    const parts = [manifestFile({ title, files: names }), ...files.map(({ file }) => file)]
    return parts.map((file, n) => {
      const modified = file instanceof File ? file.lastModified : 0
      return { file, name: String(n), type: '', seal: { key, salt: newSalt(), modified } }
    })
  }

  /** Keeps files that an act of another area names to the school, with what is told of each. */
  async carry(
    id: string,
    files: readonly Chosen[],
    meta: Record<string, string>,
    act: () => Promise<unknown>,
  ): Promise<void> {
    const courier = this.#get()
    keep('sending', true)
    await courier.keep(id, 0, plain(files), meta)
    await act()
    await this.#look()
    void this.#start(courier)
  }

  /** Sends nothing more of these. */
  async forget(id: string): Promise<void> {
    await this.#get().drop(id)
  }

  /** The school has to know the files before it takes them. */
  async #start(courier: Courier): Promise<void> {
    await session.device.sync()
    void courier.run()
  }

  pause(paused: boolean): void {
    this.paused = paused
    this.#get().pause(paused)
  }

  async end(id: string): Promise<void> {
    await this.#get().drop(id)
    await this.#keys().drop(id)
    await session.device.act(`user:${session.id}`, 'transfer.close@1', { id })
  }

  /** Files of letters that are written no more are let go of. */
  async #sweep(): Promise<void> {
    const courier = this.#get()
    for (const { draft = '', id, part } of await courier.held())
      if (!(await isNeeded(session.device, draft, id, part))) await courier.dropOne(id, part)
  }

  #get(): Courier {
    if (this.#courier && this.#user === session.id) return this.#courier
    void this.#courier?.close()
    this.#user = session.id
    this.#courier = new Courier(`preau:${session.id}`, () => void this.#look())
    return this.#courier
  }

  #keys(): Keys {
    return new Keys(`preau:${session.id}`)
  }

  async #know(): Promise<void> {
    this.sealed = await this.#keys().all()
  }

  async #look(): Promise<void> {
    this.ways = await this.#get().ways()
    this.paused = this.#get().paused
    if (this.ways.size === 0 && (await this.#get().held()).length === 0) keep('sending', undefined)
  }
}

const plain = (files: readonly Chosen[]): Kept[] =>
  files.map(({ file, name }) => ({ file, name, type: file.type }))

export const sendings = new Sendings()
