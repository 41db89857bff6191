// The world outside the school: a mail server that takes what is sent to it, and sends answers.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { pause } from './server.ts'

/** A mail that was taken: as it came, and for whom. */
interface Taken {
  to: string
  raw: string
}

/** A port that nobody uses. */
export async function freePort(): Promise<number> {
  const asked = createServer()
  await new Promise<void>((done) => asked.listen(0, '127.0.0.1', done))
  const { port } = asked.address() as AddressInfo
  await new Promise((done) => asked.close(done))
  return port
}

/** Takes every mail. */
export class World {
  readonly taken: Taken[] = []
  readonly #server: Server = createServer((line) => this.#serve(line))

  async start(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    await new Promise((done) => this.#server.close(done))
  }

  /** The first mail to somebody. */
  async mail(to: string): Promise<Taken> {
    for (let i = 0; i < 300; i++) {
      const found = this.taken.find((one) => one.to === to)
      if (found) return found
      await pause(100)
    }
    throw new Error(`no mail to ${to}`)
  }

  #serve(line: Socket): void {
    let held = ''
    let to = ''
    let isData = false
    line.write('220 world\r\n')
    line.on('error', () => line.destroy())
    line.on('data', (chunk) => {
      held += chunk.toString('latin1')
      for (;;) {
        const end = isData ? '\r\n.\r\n' : '\r\n'
        const at = held.indexOf(end)
        if (at < 0) return
        const said = held.slice(0, at)
        held = held.slice(at + end.length)
        if (isData) this.taken.push({ to, raw: said.replaceAll('\r\n..', '\r\n.') })
        const isBegun: boolean = !isData && /^DATA/i.test(said)
        to = /^RCPT TO:<([^>]*)>/i.exec(isData ? '' : said)?.[1] ?? to
        isData = isBegun
        line.write(isBegun ? '354 go on\r\n' : /^QUIT/i.test(said) ? '221 bye\r\n' : '250 ok\r\n')
      }
    })
  }
}

/** Sends a mail to a server as another one would; what it answers in the end. */
export async function deliver(port: number, from: string, to: string, text: string): Promise<string> {
  const line = connect(port, '127.0.0.1')
  const answers: string[] = []
  line.on('data', (chunk) => answers.push(...chunk.toString().split('\r\n').filter(Boolean)))
  const heard = async (): Promise<string> => {
    for (let i = 0; i < 600; i++) {
      const last = answers.at(-1)
      if (last && last[3] === ' ') {
        answers.length = 0
        return last
      }
      await pause(50)
    }
    throw new Error('the server is silent')
  }
  await heard()
  const body = text.replaceAll('\n', '\r\n')
  let last = ''
  for (const said of ['EHLO museum', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', `${body}\r\n.`]) {
    line.write(`${said}\r\n`)
    last = await heard()
    if (!/^[23]/.test(last)) break
  }
  line.destroy()
  return last
}
