// The network between a phone and the school: a TCP relay that can be cut, in
// the middle of an answer as well, and counts what passes.
import { createServer, connect, type Server as Listener, type Socket } from 'node:net'

export class Link {
  port = 0
  up = 0
  down = 0
  requests = 0
  #open = true
  readonly #sockets = new Set<Socket>()
  readonly #listener: Listener

  private constructor(private readonly target: () => number) {
    this.#listener = createServer((near) => this.#relay(near))
  }

  /** A link to the port that `target` names at each new connection. */
  static async to(target: () => number): Promise<Link> {
    const link = new Link(target)
    await new Promise<void>((done) => link.#listener.listen(0, 'localhost', done))
    const at = link.#listener.address()
    link.port = typeof at === 'object' && at ? at.port : 0
    return link
  }

  get url(): string {
    return `http://localhost:${String(this.port)}`
  }

  /** The bus enters a tunnel. */
  cut(): void {
    this.#open = false
    for (const socket of this.#sockets) socket.destroy()
  }

  restore(): void {
    this.#open = true
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((done) => this.#listener.close(done))
  }

  #relay(near: Socket): void {
    if (!this.#open) {
      near.destroy()
      return
    }
    const far = connect(this.target(), 'localhost')
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (chunk: Buffer) => {
      this.up += chunk.length
      this.requests += [
        ...chunk.toString('latin1').matchAll(/^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \//gm),
      ].length
    })
    far.on('data', (chunk: Buffer) => (this.down += chunk.length))
    near.pipe(far).pipe(near)
  }
}
