// Takes mails on loopback by SMTP, as the provider of a school would, and keeps them.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { pause } from './server.ts'

export interface Mail {
  to: string
  /** Head and body, as they came over the wire. */
  raw: string
}

export class PostOffice {
  readonly mails: Mail[] = []
  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.#talk(socket))
  }

  static async open(): Promise<PostOffice> {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return new PostOffice(server)
  }

  get address(): string {
    return `smtp://127.0.0.1:${String((this.server.address() as AddressInfo).port)}?from=ecole@ecole.test`
  }

  close(): Promise<void> {
    return new Promise((done) => this.server.close(() => done()))
  }

  /** What people read in the next mail to somebody, beginning with the nth. */
  async text(to: string, nth = 0): Promise<string> {
    for (let i = 0; i < 100; i++) {
      const mail = this.mails.filter((one) => one.to === to)[nth]
      if (mail) return plain(mail.raw)
      await pause(200)
    }
    throw new Error(`no mail to ${to}`)
  }

  #talk(socket: Socket): void {
    let [to, heard] = ['', '']
    let data: string[] | undefined
    const say = (line: string) => socket.write(`${line}\r\n`)
    const take = (line: string) => {
      if (data && line !== '.') {
        data.push(line.replace(/^\.\./, '.'))
        return
      }
      if (data) {
        this.mails.push({ to, raw: data.join('\n') })
        data = undefined
        say('250 taken')
        return
      }
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'RCPT') to = /<(.*?)>/.exec(line)?.[1] ?? ''
      if (verb === 'DATA') data = []
      if (verb === 'QUIT') socket.end('221 bye\r\n')
      else say(verb === 'DATA' ? '354 go on' : '250 ok')
    }
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      const lines = (heard + chunk.toString()).split('\r\n')
      heard = lines.pop() ?? ''
      lines.forEach(take)
    })
    say('220 ecole.test')
  }
}

/** The part in plain text, quoted-printable undone. */
function plain(raw: string): string {
  const part = raw.split(/^--.*$/m).find((one) => /^Content-Type: text\/plain/im.test(one)) ?? raw
  const body = part.slice(part.search(/\n\s*\n/))
  const bytes = body
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
