/** What sends files is loaded when there is one to send: most visits send none. */
import type { Courier as Sender, CourierOptions } from './upload.ts'

export class Courier {
  #sender: Promise<Sender> | undefined
  #over = false

  constructor(private readonly options: CourierOptions) {}

  /** Sends all that waits. Never rejects. */
  async run(): Promise<void> {
    const sender = await (this.#sender ?? this.#load()).catch(() => undefined)
    if (!this.#over) await sender?.run()
  }

  stop(): void {
    this.#over = true
    void this.#sender?.then(
      (sender) => sender.stop(),
      () => undefined,
    )
  }

  /** Asked for again where it could not be had. */
  async #load(): Promise<Sender | undefined> {
    if (!(await this.#isAsked().catch(() => false))) return undefined
    this.#sender ??= import('./upload.ts').then(({ Courier }) => new Courier(this.options))
    return this.#sender.catch(() => (this.#sender = undefined))
  }

  #isAsked(): Promise<boolean> {
    return this.options.db.read(['blob'], async (tx) => {
      const states = tx.objectStore('blob').index('state')
      return (await states.count('waiting')) + (await states.count('sending')) > 0
    })
  }
}
