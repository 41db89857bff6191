// A real server for the stories: the product's own binary with its demo school,
// on a free port and a directory of its own.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
export const binary = join(root, 'bin/preau')

export interface Options {
  /** Arguments after the binary's name; `-addr` and `-data` are added. */
  args?: string[]
  env?: Record<string, string>
  /** Keep this directory instead of making one. */
  data?: string
}

/** A server process and what it takes to stop, kill and start it again. */
export class Server {
  url = ''
  port = 0
  log = ''
  #child: ChildProcess | undefined
  #program = binary
  readonly data: string

  constructor(private readonly options: Options = {}) {
    this.data = options.data ?? mkdtempSync(join(tmpdir(), 'preau-e2e-'))
  }

  /** One that asks for nothing of its own begins with a copy of the school that was made for all. */
  static async start(options: Options = {}): Promise<Server> {
    const server = new Server(options)
    const school = process.env['PREAU_SCHOOL']
    if (school && Object.keys(options).length === 0) cpSync(school, server.data, { recursive: true })
    await server.start()
    return server
  }

  /** Starts on the same port as before, so that open pages find it again. */
  async start(): Promise<void> {
    const asked = this.options.args ?? ['demo', '-size', 'small']
    const args = [...asked, '-addr', `localhost:${String(this.port)}`, '-data', this.data]
    const child = spawn(this.#program, args, {
      cwd: root,
      env: { ...process.env, ...this.options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    const collect = (chunk: Buffer): void => {
      this.log += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    await this.#ready(child)
  }

  async #ready(child: ChildProcess): Promise<void> {
    const from = this.log.length
    for (let i = 0; i < 600; i++) {
      const found = /http:\/\/localhost:(\d+)/.exec(this.log.slice(from))
      if (found?.[1]) {
        this.port = Number(found[1])
        this.url = `http://localhost:${found[1]}`
        if (await answers(`${this.url}/readyz`)) return
      }
      if (child.exitCode !== null) break
      await pause(100)
    }
    throw new Error(`server did not start:\n${this.log.slice(from)}`)
  }

  /** An operator puts another program in the place of this one: the port and the data stay. */
  async replace(program: string): Promise<void> {
    await this.#end('SIGTERM')
    this.#program = program
    await this.start()
  }

  /** SIGKILL: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    if (!this.options.data) rmSync(this.data, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    await gone
  }
}

/** A run of one of the operator's tools on a data folder; what it says. */
export function preau(data: string, ...args: string[]): string {
  return execFileSync(binary, args, {
    env: { ...process.env, PREAU_DATA: data },
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
