import { talk } from './late.ts'
import type { Sender, SenderOptions } from './upload.ts'

/** Sends files, with what is had for it later. */
export class Courier {
  #over = false
  #sender: Sender | undefined

  constructor(private readonly options: SenderOptions) {}

  /** Sends all that waits. Never rejects. */
  async run(): Promise<void> {
    const sender = await this.#get()
    if (!this.#over) await sender?.run()
  }

  stop(): void {
    this.#over = true
    this.#sender?.stop()
  }

  async #get(): Promise<Sender | undefined> {
    const parts = await talk()
    if (parts) this.#sender ??= new parts.Sender(this.options)
    return this.#sender
  }
}
