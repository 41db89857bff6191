/**
 * The real server with its small demo school: started, killed without warning,
 * started again on the same files, and read from outside.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary, Server } from '../e2e/server.ts'

/** A line of `preau dump`. */
export interface Line {
  scope: string
  seq: number
  type: string
  id: string
  value: unknown
}

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

  /** Every live record, from a copy of the files, as the server's own tool prints them. */
  dump(): Line[] {
    const copy = mkdtempSync(join(tmpdir(), 'preau-dump-'))
    try {
      for (const name of readdirSync(this.#data)) {
        if (/^preau\.db(-wal)?$/.test(name)) copyFileSync(join(this.#data, name), join(copy, name))
      }
      const text = execFileSync(binary, ['dump'], {
        encoding: 'utf8',
        env: { ...process.env, PREAU_DATA: copy },
        maxBuffer: 1 << 28,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line)
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  }
}
