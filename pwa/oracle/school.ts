/**
 * The real server with its small demo school: started, killed without warning,
 * started again on the same files, and read from outside.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { binary, Server } from '../e2e/server.ts'

/** A line of `preau dump`. */
export interface Line {
  scope: string
  seq: number
  type: string
  id: string
  value: unknown
}

const run = promisify(execFile)

export class School {
  readonly #data = mkdtempSync(join(tmpdir(), 'preau-oracle-'))
  readonly #server = new Server({ args: ['demo', '-size', 'small'], data: this.#data })

  get url(): string {
    return this.#server.url
  }

  get log(): string {
    return this.#server.log
  }

  start(): Promise<void> {
    return this.#server.start()
  }

  kill(): Promise<void> {
    return this.#server.kill()
  }

  async end(): Promise<void> {
    await this.#server.kill()
    rmSync(this.#data, { recursive: true, force: true })
  }

  /** Every live record, as of one moment, as the server's own tool prints them. */
  async dump(): Promise<Line[]> {
    const env = { ...process.env, PREAU_DATA: this.#data }
    const { stdout } = await run(binary, ['dump'], { env, maxBuffer: 1 << 28 })
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line)
  }
}
