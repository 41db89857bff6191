// A real virus scanner for the stories. It knows one virus, the harmless EICAR file.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause } from './server.ts'

/** It stands here back to front, so that no scanner finds this file. */
export const eicar = Buffer.from(
  String.raw`*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\4[PA@%P!O5X`,
).reverse()

export class Clamd {
  readonly #dir = mkdtempSync(join(tmpdir(), 'clamd'))
  readonly #socket = join(this.#dir, 'socket')
  #child: ChildProcess | undefined

  /** As PREAU_CLAMD names it. */
  get address(): string {
    return `unix:${this.#socket}`
  }

  async start(): Promise<void> {
    writeFileSync(join(this.#dir, 'eicar.ndb'), `Preau-Test.EICAR:0:*:${eicar.toString('hex')}\n`)
    const lines = [
      ...['Foreground yes', `LocalSocket ${this.#socket}`, `DatabaseDirectory ${this.#dir}`],
      ...[`TemporaryDirectory ${this.#dir}`, 'StreamMaxLength 26M', 'AlertExceedsMax yes'],
    ]
    writeFileSync(join(this.#dir, 'clamd.conf'), `${lines.join('\n')}\n`)
    const program = existsSync('/usr/sbin/clamd') ? '/usr/sbin/clamd' : 'clamd'
    this.#child = spawn(program, ['--config-file', join(this.#dir, 'clamd.conf')], { stdio: 'ignore' })
    for (let i = 0; i < 600; i++) {
      if (await this.#answers()) return
      if (this.#child.exitCode !== null) break
      await pause(50)
    }
    throw new Error('clamd did not start')
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((done) => child.once('exit', done))
    child.kill('SIGKILL')
    await gone
  }

  async dispose(): Promise<void> {
    await this.stop()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  #answers(): Promise<boolean> {
    return new Promise((done) => {
      const line = connect(this.#socket, () => line.write('zPING\0'))
      line.on('data', (said) => {
        line.destroy()
        done(said.toString() === 'PONG\0')
      })
      line.on('error', () => {
        done(false)
      })
    })
  }
}
