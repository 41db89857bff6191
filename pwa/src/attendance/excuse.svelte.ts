/** A justification in the making: photos and words are on the device's disk before they are on the screen. */
import { PhotoError, preparePage } from '../photos/page.ts'
import { newId, type Device } from '../sync/index.ts'

type ExcuseDevice = Pick<Device, 'act' | 'files' | 'local'>

export interface Span {
  kind: 'absence' | 'lateness'
  from: string
  to: string
}

interface Kept {
  reason: string
  text: string
  files: string[]
}

/** As many as the server takes. */
export const mostFiles = 5

export class Excuse {
  reason = $state('')
  text = $state('')
  files = $state.raw<string[]>([])
  busy = $state(0)
  fault = $state<PhotoError['code'] | 'full' | 'too_many' | undefined>(undefined)
  ready = $state(false)
  readonly #device: ExcuseDevice
  readonly #student: string
  readonly #key: string
  readonly #prepare: typeof preparePage

  constructor(device: ExcuseDevice, student: string, key: string, prepare = preparePage) {
    this.#device = device
    this.#student = student
    this.#key = `excuse:${student}:${key}`
    this.#prepare = prepare
  }

  async load(): Promise<void> {
    const kept = await this.#device.local.get<Kept>(this.#key)
    this.reason = kept?.reason ?? ''
    this.text = kept?.text ?? ''
    this.files = kept?.files ?? []
    this.ready = true
  }

  async keep(): Promise<void> {
    const { reason, text } = this
    await this.#device.local.set(this.#key, { reason, text, files: [...this.files] } satisfies Kept)
  }

  async add(photos: readonly Blob[]): Promise<void> {
    this.fault = undefined
    for (const photo of photos) {
      if (this.files.length >= mostFiles) {
        this.fault = 'too_many'
        break
      }
      this.busy++
      await this.#store(photo).finally(() => this.busy--)
    }
    await this.keep()
  }

  async #store(photo: Blob): Promise<void> {
    try {
      const { bytes, type } = await this.#prepare(photo)
      const name = type === 'image/heic' ? 'justificatif.heic' : 'justificatif.jpg'
      const { sha } = await this.#device.files.put(bytes, { name, type, use: 'justification' })
      if (!this.files.includes(sha)) this.files = [...this.files, sha]
    } catch (fault) {
      this.fault = fault instanceof PhotoError ? fault.code : 'full'
    }
  }

  /** Takes a photo away; what it returns puts it back. */
  async remove(sha: string): Promise<() => Promise<void>> {
    const before = this.files
    this.files = before.filter((one) => one !== sha)
    await this.keep()
    return async () => {
      this.files = before
      await this.keep()
    }
  }

  /** From here on the outbox answers for it. */
  async send(span: Span): Promise<void> {
    const said = { reason: this.reason, text: this.text.trim(), files: [...this.files] }
    const args = { id: newId(), ...span, ...said }
    await this.#device.act(`student:${this.#student}`, 'attendance.justify@1', args)
    await this.#device.local.delete(this.#key)
  }
}
